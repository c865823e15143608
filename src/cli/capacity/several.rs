//! The cheapest combination of several settings.

use super::{CapacityArguments, Ending, ending, folder, style};
use crate::cli::files::{self, LoadedScenario};
use crate::cli::progress::Bar;
use crate::report::study::cheapest as report;
use crate::scenario::{self, Source};
use crate::study::Watch;
use crate::study::capacity::{Cheapest, MOST_TRIED, NoSearch, Prices, SeveralSearch, is_autoscale};
use crate::study::sweep::{Grid, SweptSetting};

/// Searches, and says what was found.
pub(super) fn search(
    arguments: &CapacityArguments,
    given: &LoadedScenario,
    source: &Source,
    axes: Vec<SweptSetting>,
    prices: Prices,
) -> Result<Ending, Ending> {
    let wrong = |what: String| {
        style::note(&format!("error: {what}\n"));
        Ending::Wrong
    };
    let prices = priced(arguments, &axes, prices).map_err(wrong)?;
    let beside = files::ScenarioFolder::beside(source);
    let search = SeveralSearch { source, files: &beside, grid: Grid { axes }, prices: &prices };
    let bar = Bar::new(arguments.speech.quiet);
    let cheapest = search.run(&bar).map_err(|why| match refused(why) {
        Ok(what) => wrong(what),
        Err(end) => end,
    })?;
    bar.clear();
    if bar.stopped() && cheapest.tried.is_empty() {
        style::note("interrupted before any combination was judged: there is nothing to keep\n");
        return Err(Ending::Interrupted);
    }
    let said = say(arguments, given, &cheapest)?;
    Ok(if bar.stopped() { said.worse(Ending::Interrupted) } else { said })
}

/// Says and keeps what was found.
pub(super) fn say(
    arguments: &CapacityArguments,
    given: &LoadedScenario,
    cheapest: &Cheapest,
) -> Result<Ending, Ending> {
    let (resolved, command) = (scenario::resolved(&cheapest.scenario), crate::cli::command());
    let document = report::document(cheapest, &resolved, &command);
    let made = report::files(cheapest, &document, &scenario::resolved_toml(&cheapest.scenario), &command);
    let written = folder(arguments, given)
        .map_or(Ok(Vec::new()), |folder| files::add(&folder, &arguments.pictures.of(made)?))?;
    let said = arguments.speech.say(&document, &written, |style| report::text(cheapest, &style));
    Ok(said.worse(ending(cheapest.outcome)))
}

/// The prices that were given, or the number of servers where that is what is varied.
pub(super) fn priced(
    arguments: &CapacityArguments,
    axes: &[SweptSetting],
    prices: Prices,
) -> Result<Prices, String> {
    if arguments.max {
        return Err("of several settings the cheapest combination is sought; --max is for one setting".into());
    }
    if !prices.0.is_empty() {
        return Ok(prices);
    }
    let counts =
        |path: &str| path.starts_with("consumers.") && path.ends_with(".count") || is_autoscale(path);
    match axes.iter().find(|axis| !counts(&axis.path)) {
        None => Ok(Prices::servers()),
        Some(SweptSetting { path, .. }) => Err(format!(
            "say what is cheap: --cost {path}=PRICE, what each unit of it costs an hour, beside the prices of \
             the others"
        )),
    }
}

/// Why nothing is searched, unless that is said already.
pub(super) fn refused(why: NoSearch) -> Result<String, Ending> {
    Ok(match why {
        NoSearch::Refused(problems) => return Err(files::refused(&problems)),
        NoSearch::Free(path) => format!(
            "more of {path} costs nothing by these prices, so that the most of it would do; say what each \
             unit of it costs an hour: --cost {path}=PRICE"
        ),
        NoSearch::TooMany(all) => format!(
            "these are {all} combinations, each of which has to be tried, and {MOST_TRIED} are the most; take \
             larger steps, or spread them over machines by `queuelab sweep`"
        ),
    })
}
