//! What a heading means: its words, its unit and the role that a name like this has.

use super::ColumnRole;
use super::decimal::TimeUnit;

/// How surely a name means its role: of two columns for one role the surer is taken, of two alike neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// A word with many meanings.
    Weak,
    Strong,
}

/// Names in small letters without anything between their words.
const NAMES: &[(ColumnRole, Sure, &str)] = &[
    (
        ColumnRole::Arrival,
        Sure::Strong,
        "timestamp timestamps ts unixts unixtime unixtimestamp epoch epochtime datetime date eventtime \
            logtime arrival \
         arrivals arrived arrivedat arrivaltime arrivaltimestamp due sent sentat senttime sendtime \
         requeststart offset \
         enqueued enqueuedat enqueuetime created createdat creationtime submitted submittedat submittime \
         submissiontime \
         received receivedat published publishedat invocationtime timegenerated",
    ),
    (ColumnRole::Arrival, Sure::Weak, "time at t when"),
    (ColumnRole::Gap, Sure::Strong, "gap gaps interarrival interarrivals interarrivaltime iat"),
    (
        ColumnRole::Service,
        Sure::Strong,
        "service servicetime servicetimes duration durations processing processingtime work worktime \
            execution \
         executiontime exectime runtime handlingtime handlertime processtime jobtime demand",
    ),
    (ColumnRole::Service, Sure::Weak, "value values"),
    (
        ColumnRole::Latency,
        Sure::Strong,
        "latency latencies response responsetime resptime responselatency sojourn sojourntime elapsed \
            elapsedtime rtt \
         roundtrip roundtriptime totaltime timetotal requestduration httpreqduration requestlatency \
         requesttime \
         avglatency averagelatency meanlatency averageresponsetime avgresponsetime ttlb turnaround \
         turnaroundtime \
         timetaken endtoend e2e e2elatency",
    ),
    (
        ColumnRole::Start,
        Sure::Strong,
        "start started startedat starttime starttimestamp begin began begintime",
    ),
    (
        ColumnRole::End,
        Sure::Strong,
        "end ended endedat endtime endtimestamp finish finished finishedat finishtime completed completedat \
            completion \
         completiontime done doneat stop stopped stoptime",
    ),
    (
        ColumnRole::Count,
        Sure::Strong,
        "throughput rps qps tps requests requestcount count messages hits arrivalcount invocations",
    ),
];

/// Names of counts that are counts a second already.
const RATES: &[&str] = &["throughput", "rps", "qps", "tps"];

/// A heading, understood as far as it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// As the file writes it.
    pub text: String,
    /// Its words without the unit, with `_` between them.
    pub name: String,
    /// The unit that it names.
    pub unit: Option<TimeUnit>,
    /// The role that it probably means.
    pub role: Option<(ColumnRole, Sure)>,
    /// A count a second.
    pub rate: bool,
    /// A mean of many.
    pub average: bool,
}

impl Heading {
    /// Reads a heading.
    pub fn new(text: &str) -> Heading {
        let words = words(text);
        let per_second = text.contains("/s")
            || words.ends_with(&["per".into(), "s".into()])
            || words.ends_with(&["per".into(), "sec".into()]);
        let (kept, unit) = if per_second { (without_rate(&words), None) } else { without_unit(&words) };
        let bare = kept.concat();
        let known = |bare: &str| {
            NAMES
                .iter()
                .find(|(_, _, names)| names.split(' ').any(|name| name == bare))
                .map(|(role, sure, _)| (*role, *sure))
        };
        let heading = |kept: Vec<String>, unit, role| Heading {
            text: text.into(),
            name: if kept.is_empty() { "column".into() } else { kept.join("_") },
            unit,
            role,
            rate: per_second || RATES.contains(&bare.as_str()),
            average: ["avg", "average", "mean"].iter().any(|word| bare.starts_with(word)),
        };
        if known(&bare).is_some() || unit.is_some() {
            let role = known(&bare);
            return heading(kept, unit, role);
        }
        // A unit may follow without anything between, as in `timestampms`.
        for (suffix, unit) in [
            ("ns", TimeUnit::Nanosecond),
            ("us", TimeUnit::Microsecond),
            ("ms", TimeUnit::Millisecond),
            ("sec", TimeUnit::Second),
        ] {
            if let Some((role, rest)) = bare.strip_suffix(suffix).and_then(|rest| Some((known(rest)?, rest)))
            {
                return heading(vec![rest.to_string()], Some(unit), Some(role));
            }
        }
        heading(kept, None, None)
    }

    /// Of a column that the file does not name.
    pub fn numbered(number: usize) -> Heading {
        Heading { name: format!("column_{number}"), ..Heading::new(&number.to_string()) }
    }

    /// Small letters alone, to compare with.
    pub fn bare(&self) -> String {
        self.name.replace('_', "")
    }
}

/// The words of a heading in small letters: `timestampMs`, `response-time (ms)` and `LATENCY_MS` have two or
/// three.
fn words(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let mut words: Vec<String> = vec![String::new()];
    for (i, c) in letters.iter().enumerate() {
        let before = i.checked_sub(1).map(|j| letters[j]);
        let after = letters.get(i + 1);
        // A hump, or the last of several capitals before a word: `URLTime`.
        let hump = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase()
                    || b.is_ascii_digit()
                    || (b.is_uppercase() && after.is_some_and(|a| a.is_lowercase()))
            });
        if hump || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty() && !matches!(word.as_str(), "utc" | "gmt"));
    words
}

fn without_rate(words: &[String]) -> Vec<String> {
    words.iter().filter(|word| !matches!(word.as_str(), "per" | "s" | "sec" | "second")).cloned().collect()
}

/// The words before the unit at their end; `in` before it is no word of the name. Alone, a unit is a name.
fn without_unit(words: &[String]) -> (Vec<String>, Option<TimeUnit>) {
    let Some((last, rest)) = words.split_last() else { return (Vec::new(), None) };
    match TimeUnit::named(last) {
        Some(unit) if !rest.is_empty() => {
            let rest = if rest.last().is_some_and(|word| word == "in") && rest.len() > 1 {
                &rest[..rest.len() - 1]
            } else {
                rest
            };
            (rest.to_vec(), Some(unit))
        }
        _ => (words.to_vec(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_a_role_and_a_unit_however_it_is_written() {
        use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
        for (text, name, unit, role) in [
            ("timestamp_s", "timestamp", Some(Second), ColumnRole::Arrival),
            ("timestampMs", "timestamp", Some(Millisecond), ColumnRole::Arrival),
            ("timeStamp", "time_stamp", None, ColumnRole::Arrival),
            ("Timestamp [UTC]", "timestamp", None, ColumnRole::Arrival),
            ("unix_ts", "unix_ts", None, ColumnRole::Arrival),
            ("time_ms", "time", Some(Millisecond), ColumnRole::Arrival),
            ("latencyMS", "latency", Some(Millisecond), ColumnRole::Latency),
            ("response-time", "response_time", None, ColumnRole::Latency),
            ("Response Time (ms)", "response_time", Some(Millisecond), ColumnRole::Latency),
            ("latency (µs)", "latency", Some(Microsecond), ColumnRole::Latency),
            ("duration_sec", "duration", Some(Second), ColumnRole::Service),
            ("durationns", "duration", Some(Nanosecond), ColumnRole::Service),
            ("end_timestamp", "end_timestamp", None, ColumnRole::End),
            ("Requests/s", "requests", None, ColumnRole::Count),
            ("inter_arrival_us", "inter_arrival", Some(Microsecond), ColumnRole::Gap),
        ] {
            let heading = Heading::new(text);
            assert_eq!(
                (heading.name.as_str(), heading.unit, heading.role.map(|r| r.0)),
                (name, unit, Some(role)),
                "{text}"
            );
        }
        for other in ["label", "responseCode", "IdleTime", "DNS+dialup", "User Count", "50%", "s", "", "µ"] {
            assert_eq!(Heading::new(other).role, None, "{other}");
        }
        assert!(Heading::new("Requests/s").rate && Heading::new("avg_latency").average);
    }
}
