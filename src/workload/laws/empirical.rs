//! The empirical law: times that were seen, each as often as it was seen.

use super::{Arguments, Parameter, Shape, positive_mean};
use crate::rng::{BLOCK, Stream};
use num_complex::Complex64;
use std::borrow::Cow;
use std::sync::Arc;

/// A discrete law. Clones share their table.
#[derive(Debug, Clone, PartialEq)]
pub struct Empirical {
    table: Arc<EmpiricalTable>,
    /// Where the times come from, if each of a file counts once: a scenario names the file instead of a
    /// million values.
    source: Option<Arc<SampleSource>>,
}

#[derive(Debug, Clone, PartialEq)]
struct SampleSource {
    file: String,
    column: Option<String>,
    /// The mean in seconds to which its times were stretched, if they were.
    mean: Option<f64>,
}

#[derive(Debug, PartialEq)]
struct EmpiricalTable {
    /// In seconds, increasing.
    values: Vec<f64>,
    /// P(X ≤ value); the last is 1.
    cumulative: Vec<f64>,
    /// For each of as many equal cells of (0, 1] as there are values: where the search for a number in it
    /// starts (Chen & Asau 1974), so that a draw takes a step or two for any number of values.
    guide: Vec<u32>,
}

impl Empirical {
    /// From times in seconds and how much each counts; `None` unless the lists are equally long, no time or
    /// weight is negative or infinite, and some weight is positive.
    pub fn new(values: &[f64], weights: &[f64]) -> Option<Self> {
        let fine = |list: &[f64]| list.iter().all(|x| *x >= 0.0 && x.is_finite());
        let total: f64 = weights.iter().sum();
        let sound = values.len() == weights.len()
            && fine(values)
            && fine(weights)
            && total > 0.0
            && total.is_finite();
        if !sound {
            return None;
        }
        let mut pairs: Vec<(f64, f64)> =
            values.iter().copied().zip(weights.iter().copied()).filter(|p| p.1 > 0.0).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        pairs.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0.0 };
            same
        });
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = pairs
            .iter()
            .map(|p| {
                sum += p.1;
                sum / total
            })
            .collect();
        *cumulative.last_mut()? = 1.0;
        Some(Self::with(pairs.iter().map(|p| p.0).collect(), cumulative))
    }

    fn with(values: Vec<f64>, cumulative: Vec<f64>) -> Self {
        let cells = values.len();
        let mut at = 0;
        let guide = (0..cells)
            .map(|cell| {
                while cumulative[at] <= cell as f64 / cells as f64 && at + 1 < cells {
                    at += 1;
                }
                at as u32
            })
            .collect();
        Empirical { table: Arc::new(EmpiricalTable { values, cumulative, guide }), source: None }
    }

    /// Times in seconds, increasing, and their probabilities.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        let table = &*self.table;
        let before = std::iter::once(&0.0).chain(&table.cumulative);
        table.values.iter().zip(table.cumulative.iter().zip(before)).map(|(v, (c, b))| (*v, c - b))
    }
}

impl EmpiricalTable {
    /// The least value whose cumulative probability reaches `u` from (0, 1].
    fn at(&self, u: f64) -> f64 {
        let cells = self.guide.len();
        // A number on the border of two cells may start one too far: step back first.
        let mut i = self.guide[((u * cells as f64) as usize).min(cells - 1)] as usize;
        while i > 0 && self.cumulative[i - 1] >= u {
            i -= 1;
        }
        while self.cumulative[i] < u && i + 1 < cells {
            i += 1;
        }
        self.values[i]
    }
}

impl Shape for Empirical {
    const NAME: &'static str = "empirical";
    const PARAMETERS: &'static [&'static str] = &["values", "weights", "file", "column"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![(
            Empirical::new(&[0.003, 0.001, 0.1], &[2.0, 7.0, 1.0]).expect("times with weights"),
            [0.001, 0.001, 0.001],
        )]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let law = read_table(arguments)?;
        if !arguments.has("mean") && !arguments.has("rate") {
            return Some(law);
        }
        // A mean stretches what was seen.
        let (asked, seen) = (positive_mean(arguments)?, law.moment(1));
        if seen > 0.0 {
            let law = law.scaled(asked / seen);
            // The mean as it was asked for, without the dust of the division.
            let source = law
                .source
                .as_deref()
                .map(|source| Arc::new(SampleSource { mean: Some(asked), ..source.clone() }));
            return Some(Empirical { source, ..law });
        }
        arguments.refuse(
            "values",
            "the times are all zero and cannot be stretched to a mean",
            "write a time above zero, or remove the mean",
        );
        None
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        if let Some(source) = &self.source {
            let column = source.column.iter().map(|column| ("column", Parameter::Text(column.clone())));
            let stretched = source.mean.map(|mean| ("mean", Parameter::Seconds(mean)));
            return std::iter::once(("file", Parameter::Text(source.file.clone())))
                .chain(column)
                .chain(stretched)
                .collect();
        }
        let (values, weights) = self.points().unzip();
        vec![("values", Parameter::SecondsList(values)), ("weights", Parameter::Numbers(weights))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "G".into()
    }

    fn moment(&self, n: u32) -> f64 {
        self.points().map(|(v, p)| p * v.powi(n as i32)).sum()
    }

    fn scaled(&self, factor: f64) -> Self {
        let stretched =
            Self::with(self.table.values.iter().map(|v| v * factor).collect(), self.table.cumulative.clone());
        let mean = |source: &SampleSource| source.mean.unwrap_or_else(|| self.moment(1)) * factor;
        let source = self
            .source
            .as_deref()
            .map(|source| Arc::new(SampleSource { mean: Some(mean(source)), ..source.clone() }));
        Empirical { source, ..stretched }
    }

    fn cdf(&self, x: f64) -> f64 {
        match self.table.values.partition_point(|v| *v <= x) {
            0 => 0.0,
            n => self.table.cumulative[n - 1],
        }
    }

    fn transform(&self, s: Complex64) -> Option<Complex64> {
        Some(self.points().map(|(v, p)| p * (-s * v).exp()).sum())
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        for x in out.iter_mut() {
            *x = self.table.at(*x);
        }
    }

    fn quantile(&self, u: f64) -> Option<f64> {
        Some(self.table.at(u))
    }
}

/// Reads `file`, or `values` with optional `weights`.
fn read_table(arguments: &mut dyn Arguments) -> Option<Empirical> {
    let key = if arguments.has("file") { "file" } else { "values" };
    if !arguments.has(key) {
        arguments.refuse(
            "",
            "the law `empirical` lacks its times",
            "write `values = [\"1ms\", \"5ms\"]` or `file = \"times.csv\"`",
        );
        return None;
    }
    let sampled = if key == "file" { Some(arguments.file(key)?) } else { None };
    let source = sampled.as_ref().map(|s| (s.file.clone(), s.column.clone()));
    let values = if let Some(sampled) = sampled { sampled.values } else { arguments.times(key)? };
    let weighted = arguments.has("weights");
    let weights = if weighted { arguments.numbers("weights")? } else { vec![1.0; values.len()] };
    if values.is_empty() {
        arguments.refuse(key, "there is no time", "write at least one");
    } else if weights.len() != values.len() {
        let why = format!("{} weights for {} times", weights.len(), values.len());
        arguments.refuse("weights", &why, "write one for each time, or none at all");
    } else {
        let law = Empirical::new(&values, &weights);
        if law.is_none() {
            arguments.refuse(
                "weights",
                "the weights are all zero",
                "write how often each time comes, such as [3, 1]",
            );
        }
        return law.map(|law| {
            let named = source.filter(|_| !weighted);
            Empirical {
                source: named.map(|(file, column)| Arc::new(SampleSource { file, column, mean: None })),
                ..law
            }
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_finds_what_a_search_from_the_start_finds() {
        let values: Vec<f64> = (0..97).map(f64::from).collect();
        let weights: Vec<f64> = (0..97).map(|i| f64::from(i * i % 31)).collect();
        let law = Empirical::new(&values, &weights).unwrap();
        let table = &law.table;
        let borders = table
            .cumulative
            .iter()
            .flat_map(|c| [*c, c + 1e-15, c - 1e-15])
            .filter(|u| *u > 0.0 && *u <= 1.0);
        for u in borders.chain((1..=4000).map(|i| f64::from(i) / 4000.0)) {
            let plain = table.values[table.cumulative.partition_point(|c| *c < u)];
            assert_eq!(table.at(u), plain, "{u}");
        }
    }

    #[test]
    fn equal_times_are_one_point() {
        let law = Empirical::new(&[2.0, 1.0, 2.0, 9.0], &[1.0, 1.0, 2.0, 0.0]).unwrap();
        assert_eq!(law.points().collect::<Vec<_>>(), [(1.0, 0.25), (2.0, 0.75)]);
        assert!(Empirical::new(&[1.0], &[-1.0]).is_none() && Empirical::new(&[], &[]).is_none());
    }
}
