//! A counted latency as an interval log of HdrHistogram (V2, compressed), `.hlog`: what its readers in every
//! language put together, compare and plot.

use crate::answer::{Answer, Distribution, Method};
use crate::study::Study;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::IntervalLogWriterBuilder;
use std::time::Duration;

/// Of the figure that is there to be read without a decoder: milliseconds, as tools have it.
const READABLE: f64 = 1e6;

/// The file's text, or `None` where no messages were counted. All of a run is one interval: no second of it
/// is kept for itself.
pub(super) fn text(study: &Study, answer: &Answer) -> Option<String> {
    let Some(Distribution::Histogram(counted)) = &answer.latency else { return None };
    if counted.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    builder.add_comment(&format!(
        "[Logged by queuelab {}, {}]",
        env!("CARGO_PKG_VERSION"),
        answer.method.name()
    ));
    builder.add_comment("[Values are latencies in nanoseconds, Interval_Max is in milliseconds]");
    builder.with_max_value_divisor(READABLE);
    // Writing into memory cannot fail, and no histogram is too large to be written.
    builder
        .begin_log_with(&mut out, &mut serializer)
        .ok()?
        .write_histogram(counted, Duration::ZERO, lasted(study, answer, counted.len()), None)
        .ok()?;
    String::from_utf8(out).ok()
}

/// How long it took until so many messages were done: a measurement's duration, or what the throughput says.
fn lasted(study: &Study, answer: &Answer, messages: u64) -> Duration {
    let measured = matches!(answer.method, Method::Rehearsal | Method::Measurement | Method::Replay);
    let rate = answer.get("total.throughput").and_then(|rate| rate.value).filter(|rate| *rate > 0.0);
    let seconds = match (measured, rate) {
        (true, _) => study.scenario.measurement.duration,
        (false, Some(rate)) => messages as f64 / rate,
        (false, None) => 1.0,
    };
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    /// Base64 as of RFC 4648.
    fn decoded(text: &str) -> Vec<u8> {
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let value = |c: u8| digits.iter().position(|d| *d == c).map(|at| at as u32);
        let (mut out, mut held, mut bits) = (Vec::new(), 0u32, 0);
        for digit in text.bytes().filter_map(value) {
            (held, bits) = ((held << 6 | digit) & 0xffff, bits + 6);
            if bits >= 8 {
                bits -= 8;
                out.push((held >> bits) as u8);
            }
        }
        out
    }

    #[test]
    fn a_log_reads_back_as_it_was_counted() {
        let study = fixtures::five_methods();
        let written = text(&study, &study.answers[3]).expect("messages were counted");
        let entries: Vec<LogEntry<'_>> =
            IntervalLogIterator::new(written.as_bytes()).collect::<Result<_, _>>().expect("a sound log");
        let [LogEntry::Interval(interval)] = entries.as_slice() else { panic!("{entries:?}") };
        let read: Histogram<u64> = Deserializer::new()
            .deserialize(&mut decoded(interval.encoded_histogram()).as_slice())
            .expect("a sound histogram");
        let Some(Distribution::Histogram(counted)) = &study.answers[3].latency else { panic!("counted") };
        assert_eq!(&read, counted);
        assert!((interval.max() - counted.max() as f64 / 1e6).abs() < 1e-3, "{}", interval.max());
        assert_eq!(interval.duration().as_secs_f64(), study.scenario.measurement.duration);
    }

    #[test]
    fn a_closed_form_has_counted_nothing() {
        let study = fixtures::five_methods();
        assert_eq!(text(&study, &study.answers[0]), None);
    }
}
