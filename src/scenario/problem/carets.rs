//! Problems as a terminal shows them: each with the lines that it is about, and carets below what is meant.

use super::{Problem, Problems, SHOWN, within};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// The problems that are shown, a text for each.
pub(super) fn render(problems: &Problems, colour: bool) -> Vec<String> {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    problems.list.iter().take(SHOWN).map(|p| renderer.render(&[group(problems, p)])).collect()
}

fn group<'a>(problems: &'a Problems, problem: &'a Problem) -> Group<'a> {
    let level = if problem.warning { Level::WARNING } else { Level::ERROR };
    let mut group = Group::with_title(level.primary_title(&problem.message));
    let mut places = vec![(problem.at, &*problem.label, AnnotationKind::Primary)];
    places.extend(problem.related.iter().map(|(at, label)| (*at, label.as_str(), AnnotationKind::Context)));
    for (index, origin) in problems.origins.iter().enumerate() {
        let mut snippet = Snippet::source(origin.text.as_str()).path(origin.name.as_str());
        let mut any = false;
        for (at, label, kind) in places.iter().filter(|(at, ..)| at.origin == index) {
            let annotation = kind.span(within(&origin.text, *at));
            snippet =
                snippet.annotation(if label.is_empty() { annotation } else { annotation.label(*label) });
            any = true;
        }
        if any {
            group = group.element(snippet);
        }
    }
    match &problem.help {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}
