//! What a scenario is, in words: its loads, the closed forms that fit and why others do not.

mod groups;

use super::timetable::timetable;
use crate::report::style::Style;
use crate::report::text::width_of;
use crate::scenario::{self, Arrivals, Destination, Scenario, hash_spread};
use crate::study::explained::{Explanation, Load, ModelNote, Parts, explain, timetables};
use crate::study::sensitivity::{DominantPart, Lag, Sensitivity, Turned};
use crate::units::{Time, plain, significant};
use serde_json::json;

/// What is said of a scenario.
#[derive(Debug)]
pub struct ExplainReport<'a> {
    scenario: &'a Scenario,
    /// Its file's name, where it has no title.
    stem: &'a str,
    explanation: Explanation,
    /// The lags to page at, where they were asked for.
    pub lags: Vec<Lag>,
    /// What matters most, where it was asked for.
    pub sensitivities: Vec<Sensitivity>,
    /// In what the latency is spent.
    pub dominant: Option<DominantPart>,
}

impl<'a> ExplainReport<'a> {
    /// Without what takes simulations.
    pub fn of(scenario: &'a Scenario, stem: &'a str) -> Self {
        ExplainReport {
            scenario,
            stem,
            explanation: explain(scenario),
            lags: Vec::new(),
            sensitivities: Vec::new(),
            dominant: None,
        }
    }
}

/// The document for machines, with a final newline.
pub fn document(explained: &ExplainReport<'_>) -> String {
    let lags: Vec<_> = explained
        .lags
        .iter()
        .map(|l| json!({ "queue": l.queue, "messages": l.messages, "per_partition": l.per_partition, "false_alarm": l.false_alarm }))
        .collect();
    let slopes: Vec<_> = explained
        .sensitivities
        .iter()
        .map(|s| json!({ "what": turned(&s.what), "elasticity": s.elasticity, "half_width": s.half_width }))
        .collect();
    let document = json!({
        "explanation": explained.explanation,
        "lags": lags,
        "sensitivities": slopes,
        "dominant": explained.dominant.as_ref().map(dominating),
        "scenario": scenario::resolved(explained.scenario),
    });
    format!("{document:#}\n")
}

/// The whole text, with a final newline. The scenario at its end keeps its lines, so that it can be copied.
pub fn text(explained: &ExplainReport<'_>, style: &Style) -> String {
    let line = |line: &str| {
        if width_of(&style.signs(line)) <= style.width {
            return vec![style.signs(line)];
        }
        let indent = line.len() - line.trim_start().len();
        style.lines(line.trim_start(), &" ".repeat(indent), &" ".repeat(indent + 4))
    };
    let said: Vec<String> = said(explained, style.verbose).lines().flat_map(line).collect();
    let (said, mut toml) = (said.join("\n"), scenario::resolved_toml(explained.scenario));
    if style.ascii {
        toml = escaped(&toml);
    }
    if toml.len() > MOST_TOML {
        return format!("{said}\n\nThe scenario with its defaults filled in is long; --json has it.\n");
    }
    format!("{said}\n\nThe scenario with its defaults filled in:\n\n{toml}")
}

/// A file of TOML in ASCII alone, which says the same: what is not ASCII stands in quotes.
fn escaped(toml: &str) -> String {
    let written = |c: char| match u32::from(c) {
        _ if c.is_ascii() => c.to_string(),
        code if code <= 0xFFFF => format!("\\u{code:04X}"),
        code => format!("\\U{code:08X}"),
    };
    toml.chars().map(written).collect()
}

/// Bytes of a scenario that is shown.
const MOST_TOML: usize = 1 << 20;
/// Of more queues only the fullest are told, so many of them.
const MOST_LOADS: (usize, usize) = (200, 10);

fn said(explained: &ExplainReport<'_>, one_by_one: bool) -> String {
    let ExplainReport { scenario, stem, explanation, lags, sensitivities, dominant } = explained;
    let mut text = format!("{}\n\n", scenario.title.as_deref().unwrap_or(stem));
    text += &format!("Kendall name   {}\n", explanation.kendall);
    let mut loads: Vec<&Load> = explanation.loads.iter().collect();
    let left_out = loads.len() - MOST_LOADS.1.min(loads.len());
    if loads.len() > MOST_LOADS.0 {
        let fullest = |load: &&Load| load.fullest().unwrap_or(0.0);
        loads.sort_by(|a, b| fullest(b).total_cmp(&fullest(a)));
        loads.truncate(MOST_LOADS.1);
    }
    loads.iter().for_each(|load| text += &load_line(scenario, load));
    if explanation.loads.len() > MOST_LOADS.0 {
        text += &format!("and {left_out} queues that are no fuller (--json has them)\n");
    }
    text += &groups::told(scenario);
    text.extend(timetables(scenario).iter().map(|note| timetable(note) + "\n"));
    text += &paging(lags);
    text += &mattering(sensitivities, dominant.as_ref());
    text += &closed_forms(&explanation.models, one_by_one);
    text + crate::report::targets::explained(scenario).trim_end()
}

/// How many closed forms that do not fit for one reason are named.
const NAMED: usize = 4;

/// The closed forms that fit, and why the others do not, reason by reason: first what keeps most of them off.
/// Or one by one.
fn closed_forms(models: &[ModelNote], one_by_one: bool) -> String {
    let (fit, against): (Vec<&ModelNote>, Vec<&ModelNote>) =
        models.iter().partition(|model| model.against.is_none());
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for model in &against {
        let why = model.against.as_deref().unwrap_or_default();
        match reasons.iter_mut().find(|(known, _)| *known == why && !one_by_one) {
            Some((_, names)) => names.push(model.name),
            None => reasons.push((why, vec![model.name])),
        }
    }
    reasons.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
    let mut text = String::from("\nClosed forms, exact ones first:\n");
    if fit.is_empty() {
        text += "  none applies\n";
    }
    for model in fit {
        text += &format!("  ✓ {:<41} {}\n", model.name, if model.exact { "exact" } else { "approximate" });
    }
    let hint = if one_by_one { "" } else { " (-v has them one by one)" };
    text += &format!("{} do not apply{hint}:\n", against.len());
    for (why, names) in reasons {
        let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join("; ");
        let more = names
            .len()
            .checked_sub(NAMED)
            .filter(|more| *more > 0)
            .map_or(String::new(), |more| format!("; and {more} more"));
        text += &format!("  – {shown}{more}: {why}\n");
    }
    text
}

/// A queue's load: a figure, or what bounds it where losses before it decide.
fn load_line(scenario: &Scenario, load: &Load) -> String {
    let Load { queue, servers, .. } = load;
    let groups =
        || scenario.consumers.iter().filter(|c| c.queues().any(|q| scenario.queues[q].name == *queue));
    let shifts = groups().any(|c| !c.shifts.is_empty());
    let (scales, batches) = (groups().any(|c| c.autoscale.is_some()), groups().any(|c| c.batch.is_some()));
    let most = servers.filter(|_| scales).map_or(String::new(), |n| format!(" with {n} servers, the most"));
    let most = if shifts { most + " on average" } else { most };
    let most = if batches { most + " at full batches, the least" } else { most };
    let figure = |x: f64| significant(x, 4);
    if *servers == Some(0) {
        let rate = load.arrival_rate.map_or("an unknown rate of messages comes".into(), |rate| {
            format!("{} messages/s come", figure(rate))
        });
        return format!("queue `{queue}`   {rate}, and nobody consumes them{}\n", depends(scenario, load));
    }
    let (Some(rho), Some(least), Some(c)) = (load.rho.or(load.at_least), load.at_least, *servers) else {
        let erlang = load.erlang.map_or("unknown".into(), |a| format!("{} erlang", figure(a)));
        return format!(
            "queue `{queue}`   offered load {erlang}, no limit of servers{}\n",
            depends(scenario, load)
        );
    };
    let traced = scenario.producers.iter().any(|p| matches!(p.arrivals, Arrivals::Trace { .. }));
    let hold = match (load.is_overloaded(), load.bounded, load.is_known()) {
        (true, _, _) if least.is_infinite() => " (does not hold: what is lost or late comes back for ever)",
        (true, true, _) => " (overloaded, but its bound keeps it finite)",
        (true, false, _) => " (does not hold: the backlog grows without end)",
        (false, _, _) if load.is_at_its_limit() && !traced => {
            " (exactly at its limit: it does not grow, but nothing is left for any variation)"
        }
        (false, false, false) if load.at_most.is_none_or(|most| most >= 1.0) => {
            " (whether it holds is not known)"
        }
        _ => "",
    };
    let parts = load.partitions.as_ref().map_or(String::new(), |parts| by_partition(scenario, load, parts));
    if load.arrival_rate.is_some() {
        let erlang = load.erlang.map_or("unknown".into(), figure);
        let at_least = if load.rho.is_none() { "at least " } else { "" };
        return format!(
            "queue `{queue}`   offered load {erlang} erlang, rho = {at_least}{}{most}{hold}{parts}\n",
            figure(rho)
        );
    }
    // Outages count in rho, not in the work that is offered.
    let erlang = |rho: f64| rho * load.up * f64::from(c);
    let range = |of: &dyn Fn(f64) -> f64| match load.at_most {
        Some(most) => format!("{} to {}", figure(of(least)), figure(of(most))),
        None => format!("at least {}", figure(of(least))),
    };
    if least == 0.0 && load.at_most.is_none() {
        return format!("queue `{queue}`   offered load and rho unknown{}\n", depends(scenario, load));
    }
    format!(
        "queue `{queue}`   offered load {} erlang, rho = {}{most}{hold}{parts}{}\n",
        range(&erlang),
        range(&|rho| rho),
        depends(scenario, load)
    )
}

/// What the load of a queue as a whole does not show where partitions bind messages to servers.
fn by_partition(scenario: &Scenario, load: &Load, parts: &Parts) -> String {
    let figure = |x: f64| significant(x, 4);
    let rho = match (parts.rho, parts.at_most) {
        (Some(rho), _) => figure(rho),
        (None, Some(most)) => format!("{} to {}", figure(parts.at_least), figure(most)),
        (None, None) => format!("at least {}", figure(parts.at_least)),
    };
    let all = scenario.queues.iter().find(|q| q.name == load.queue).and_then(|q| q.partitions).unwrap_or(1);
    let servers = match load.servers {
        Some(n) if n > parts.servers => format!("{} of {n} servers have one", parts.servers),
        _ => format!("each of {} servers has its own", parts.servers),
    };
    let empty = if parts.empty > 0 {
        format!("; no key leads to {} of the partitions", parts.empty)
    } else {
        String::new()
    };
    let luck = by_hash(scenario, load, all, parts.servers).unwrap_or_default();
    format!("\n    {all} partitions: {servers}, the busiest at rho = {rho}{empty}{luck}")
}

/// What the busiest partition's load would be if keys came to partitions by a hash, not in turn.
fn by_hash(scenario: &Scenario, load: &Load, partitions: u32, servers: u32) -> Option<String> {
    let queue = scenario.queues.iter().position(|q| q.name == load.queue)?;
    let [producer] = scenario.producers.as_slice() else { return None };
    let direct = producer.to == Destination::Queue(queue);
    let (low, high) = hash_spread(producer.keys.as_ref().filter(|_| direct), partitions, servers)?;
    let all = load.rho? * f64::from(load.servers?);
    let figure = |share: f64| significant(share * all, 3);
    Some(format!(
        "\n    keys come to them in turn; dealt by a hash, the busiest would be at {} to {} in 9 of 10 hashes",
        figure(low),
        figure(high)
    ))
}

/// Which losses decide a load that is not known.
fn depends(scenario: &Scenario, load: &Load) -> String {
    let names: Vec<String> = load.depends_on.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        _ if load.arrival_rate.is_some() => String::new(),
        [] if scenario.producers.iter().any(|p| p.most_copies().is_some()) => {
            ": depends on how often clients send again".into()
        }
        [] if scenario.is_closed() => ": depends on how soon its clients come back".into(),
        [] => ": depends on which of several gets a message before it: the shorter queue, or the free server"
            .into(),
        names => format!(": depends on what is lost in {}", names.join(" and ")),
    }
}

/// The lags to page at, a sentence each.
fn paging(lags: &[Lag]) -> String {
    let one = |lag: &Lag| {
        let parts = lag
            .per_partition
            .map_or(String::new(), |n| format!(", {} in each partition", plain(n.floor(), 12)));
        let alarm = lag.false_alarm.map_or(String::new(), |share| {
            let rare = if share < 1e-9 {
                "never".into()
            } else {
                format!("{} % of the time", significant(share * 100.0, 2))
            };
            format!("; in steady state chance alone reaches it {rare}")
        });
        let capacity = plain(lag.capacity, 4);
        let (messages, queue) = (plain(lag.messages.floor(), 12), &lag.queue);
        format!(
            "page at a lag of {messages} messages in `{queue}`{parts}: at {capacity}/s they take {} to work \
                off{alarm}\n",
            Time(lag.within)
        )
    };
    if lags.is_empty() { String::new() } else { format!("\n{}", lags.iter().map(one).collect::<String>()) }
}

/// What matters most, the largest first.
fn mattering(sensitivities: &[Sensitivity], dominant: Option<&DominantPart>) -> String {
    let one = |s: &Sensitivity| {
        let half = s.half_width.map_or(String::new(), |h| format!(" ± {}", significant(h, 2)));
        format!(
            "  1 % more of {:<34} {}{} %{half} in p99 latency\n",
            turned(&s.what),
            if s.elasticity < 0.0 { "" } else { "+" },
            significant(s.elasticity, 3)
        )
    };
    let mut out = dominant.map_or(String::new(), |part| format!("\n{}\n", dominating(part)));
    out.extend(sensitivities.iter().map(one));
    out
}

fn turned(what: &Turned) -> String {
    match what {
        Turned::Arrivals => "the rate of arrivals".into(),
        Turned::Service(group) => format!("the service time of `{group}`"),
    }
}

fn dominating(part: &DominantPart) -> String {
    let most = if part.waiting > 0.5 { "Waiting" } else { "Work" };
    format!(
        "{most} dominates: {} % of the mean latency of {} is waiting, the rest is sending and work (by {}).",
        plain(part.waiting * 100.0, 3),
        Time(part.latency),
        part.by.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Queue;
    use crate::workload::laws::Law;

    #[test]
    fn forms_that_do_not_fit_are_told_by_their_reason() {
        let mut scenario = Scenario::mgc(900.0, Law::exponential(0.004), 4);
        scenario.queues.push(Queue { name: "other".into(), ..Queue::default() });
        let text = closed_forms(&explain(&scenario).models, false);
        assert!(text.contains("; M/G/∞; D/D/c; "), "{text}");
        assert!(text.contains("more: there are 2 queues, and this form knows one\n"), "{text}");
        assert!(text.lines().count() < 17, "{text}");
    }

    #[test]
    fn of_many_queues_the_fullest_are_told() {
        let mut scenario = Scenario::mgc(10.0, Law::exponential(0.01), 1);
        for q in 1..300 {
            scenario.producers.push(crate::scenario::Producer::poisson(&format!("p{q}"), q, q as f64 / 5.0));
            scenario.queues.push(Queue { name: format!("q{q}"), ..Queue::default() });
            let group = crate::scenario::Consumer::group(&format!("c{q}"), q, 1, Law::exponential(0.01));
            scenario.consumers.push(group);
        }
        let text = said(&ExplainReport::of(&scenario, "many"), false);
        let told: Vec<&str> = text.lines().filter(|line| line.starts_with("queue `")).collect();
        assert_eq!(told.len(), 10, "{text}");
        assert!(told[0].starts_with("queue `q299`") && told[9].starts_with("queue `q290`"), "{told:?}");
        assert!(text.contains("and 290 queues that are no fuller (--json has them)\n"), "{text}");
    }

    #[test]
    fn a_load_that_is_not_known_is_told_by_its_bounds() {
        let mut scenario = Scenario::mgc(30.0, Law::exponential(0.1), 2);
        scenario.queues.push(Queue { name: "dead".into(), ..Queue::default() });
        scenario.consumers.push(crate::scenario::Consumer::group("undertaker", 1, 1, Law::exponential(0.01)));
        (scenario.queues[0].dead_letter, scenario.queues[0].message_ttl) =
            (Some(1), Some(Law::exponential(0.1)));
        scenario.consumers[0].prefetch = 4;
        let line = load_line(&scenario, &explain(&scenario).loads[1]);
        assert_eq!(
            line,
            "queue `dead`   offered load 0.1000 to 0.3000 erlang, rho = 0.1000 to 0.3000: depends on what \
                is lost in `queue`\n"
        );
    }
}
