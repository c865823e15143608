//! `queuelab init`: start from a question.

use super::{Ending, style};
use std::path::{Path, PathBuf};

/// The gallery's scenarios by name, with their text.
macro_rules! gallery {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../scenarios/", $name, ".toml")))),+]
    };
}

/// The questions that a scenario can start from.
const TEMPLATES: &[(&str, &str)] = gallery![
    "quickstart",
    "mm1",
    "mmc",
    "md1",
    "mg1-heavy-tail",
    "inspection-paradox",
    "erlang-b",
    "peak-sizing",
    "black-friday",
    "pod-dies",
    "prefetch",
    "pooled-vs-partitions",
    "poison",
    "autoscale-keda",
    "lag-alert",
    "hot-partition",
    "batching",
    "shared-database",
    "priority",
    "noisy-tenant",
    "visibility-timeout",
    "growth-and-cost",
    "coordinated-omission",
    "coordinated-omission-closed",
    "calibrate",
];

/// What a scenario asks: its head up to the first empty line of it.
fn question(text: &str) -> String {
    let head = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    head.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The first command that a scenario's head shows, for the file that was written.
fn command(text: &str, name: &str, path: &Path) -> String {
    let shown = text.lines().find_map(|line| line.strip_prefix("#     queuelab ")).unwrap_or("run FILE");
    let own = format!("scenarios/{name}.toml");
    shown.trim().replace(&own, &path.display().to_string())
}

#[derive(Debug, clap::Args)]
pub(super) struct InitArguments {
    /// Which question; without it, the questions are listed
    template: Option<String>,
    /// The file to write, `TEMPLATE.toml` if not given; an existing one is never overwritten
    #[arg(long, short)]
    output: Option<PathBuf>,
}

pub(super) fn init(arguments: &InitArguments) -> Ending {
    let Some(wanted) = &arguments.template else {
        let list: String =
            TEMPLATES.iter().map(|(name, text)| format!("{name:<28} {}\n", question(text))).collect();
        return style::out(&format!("{list}\nStart from one with `queuelab init NAME`.\n"));
    };
    let Some((name, text)) = TEMPLATES.iter().find(|t| t.0 == wanted) else {
        let names: Vec<_> = TEMPLATES.iter().map(|t| t.0).collect();
        style::note(&format!("error: there is no template `{wanted}`; choose one of {}\n", names.join(", ")));
        return Ending::Wrong;
    };
    let path = arguments.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
    let file = std::fs::File::create_new(&path);
    match file.and_then(|mut f| std::io::Write::write_all(&mut f, text.as_bytes())) {
        Ok(()) => style::out(&format!(
            "wrote {}; answer it with `queuelab {}`\n",
            path.display(),
            command(text, name, &path)
        )),
        Err(e) => {
            style::note(&format!(
                "error: cannot write {}: {}; choose another with --output\n",
                path.display(),
                super::system::reason(&e)
            ));
            Ending::Wrong
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_of_the_gallery_is_a_template() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        for entry in std::fs::read_dir(folder).expect("the gallery") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let scenario = path.extension().is_some_and(|e| e == "toml");
            assert!(!scenario || TEMPLATES.iter().any(|t| t.0 == name), "`{name}` is missing");
        }
    }

    #[test]
    fn questions_and_commands_are_read_from_the_heads() {
        let text = "# Why\n# so late?\n#\n#     queuelab sweep scenarios/x.toml\n";
        assert_eq!(question(text), "Why so late?");
        assert_eq!(command(text, "x", Path::new("y.toml")), "sweep y.toml");
    }
}
