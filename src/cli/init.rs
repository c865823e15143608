//! `queuelab init`: start from a question.

use super::{End, style};
use std::path::PathBuf;

/// The questions that a scenario can start from: name, question, text.
const TEMPLATES: &[(&str, &str, &str)] = &[
    ("quickstart", "900 messages a second, 4 consumers of 4 ms: how late are messages?", include_str!("../../scenarios/quickstart.toml")),
    ("mm1", "the textbook's M/M/1 at rho = 0.8: do all witnesses agree?", include_str!("../../scenarios/mm1.toml")),
];

#[derive(Debug, clap::Args)]
pub struct InitArguments {
    /// Which question; without it, the questions are listed
    template: Option<String>,
    /// The file to write, `TEMPLATE.toml` if not given; an existing one is never overwritten
    #[arg(long, short)]
    output: Option<PathBuf>,
}

pub fn init(arguments: &InitArguments) -> End {
    let Some(wanted) = &arguments.template else {
        let list: String = TEMPLATES.iter().map(|(name, question, _)| format!("{name:<16} {question}\n")).collect();
        return style::out(&format!("{list}\nStart from one with `queuelab init NAME`.\n"));
    };
    let Some((name, _, text)) = TEMPLATES.iter().find(|t| t.0 == wanted) else {
        let names: Vec<_> = TEMPLATES.iter().map(|t| t.0).collect();
        style::note(&format!("error: there is no template `{wanted}`; choose one of {}\n", names.join(", ")));
        return End::Wrong;
    };
    let path = arguments.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
    let file = std::fs::File::create_new(&path);
    match file.and_then(|mut f| std::io::Write::write_all(&mut f, text.as_bytes())) {
        Ok(()) => style::out(&format!("wrote {}; answer it with `queuelab run {}`\n", path.display(), path.display())),
        Err(e) => {
            style::note(&format!("error: cannot write {}: {}; choose another with --output\n", path.display(), super::files::reason(&e)));
            End::Wrong
        }
    }
}
