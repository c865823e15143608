//! How an answer is written to `answer.json` and read from it, where that differs from how it is kept.

use super::{Estimate, Unit, metric_of};
use serde::{Deserialize, Deserializer, Serialize};

/// An estimate with its unit.
#[derive(Serialize, Deserialize)]
struct Figure {
    value: Option<f64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    infinite: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    half_width: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    low: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    high: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<Unit>,
}

/// A number; JSON has none for what is without bound and writes `null`.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
}

/// Figures by path.
pub(super) mod metrics {
    use super::{Deserialize, Estimate, Figure, metric_of};
    use serde::{Deserializer, Serializer};
    use std::collections::BTreeMap;

    pub(in crate::answer) fn serialize<S: Serializer>(
        metrics: &BTreeMap<String, Estimate>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(metrics.iter().map(|(path, &Estimate { value, half_width, ends })| {
            let (low, high) = ends.unzip();
            let unit = metric_of(path).map(|metric| metric.unit);
            (path, Figure { value, infinite: value.is_none(), half_width, low, high, unit })
        }))
    }

    pub(in crate::answer) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, Estimate>, D::Error> {
        let estimate = |Figure { value, half_width, low, high, .. }: Figure| Estimate {
            value,
            half_width,
            ends: low.zip(high),
        };
        let figures = BTreeMap::<String, Figure>::deserialize(deserializer)?;
        Ok(figures.into_iter().map(|(path, figure)| (path, estimate(figure))).collect())
    }
}

/// The gates of a measurement with the worst of them, and nothing where there are none.
pub(super) mod gates {
    use super::{Deserialize, Serialize};
    use crate::answer::{Gate, Trust};
    use serde::{Deserializer, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Judged {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trust: Option<Trust>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gates: Vec<Gate>,
    }

    pub(in crate::answer) fn serialize<S: Serializer>(
        gates: &[Gate],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let trust = gates.iter().map(|gate| gate.trust).max();
        Judged { trust, gates: gates.to_vec() }.serialize(serializer)
    }

    pub(in crate::answer) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Gate>, D::Error> {
        Ok(Judged::deserialize(deserializer)?.gates)
    }
}

/// Caveats as sentences and, in the same order, as data for programs.
pub(super) mod caveats {
    use super::{Deserialize, Serialize};
    use crate::answer::Caveat;
    use serde::{Deserializer, Serializer};
    use serde_json::Value;

    #[derive(Serialize, Deserialize)]
    struct CaveatLists {
        caveats: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        caveat_data: Vec<Value>,
    }

    pub(in crate::answer) fn serialize<S: Serializer>(
        caveats: &[Caveat],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let data: Vec<Value> = caveats.iter().map(Caveat::data).collect();
        // Results of before had none.
        let caveat_data = if data.iter().all(Value::is_null) { Vec::new() } else { data };
        CaveatLists { caveats: caveats.iter().map(Caveat::to_string).collect(), caveat_data }
            .serialize(serializer)
    }

    pub(in crate::answer) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Caveat>, D::Error> {
        let CaveatLists { caveats, caveat_data } = CaveatLists::deserialize(deserializer)?;
        let data = caveat_data.into_iter().chain(std::iter::repeat(Value::Null));
        let saved = |(sentence, data)| Caveat::Saved { sentence, data };
        Ok(caveats.into_iter().zip(data).map(saved).collect())
    }
}

/// Why there is no steady state, as a sentence.
pub(super) mod growth {
    use crate::answer::Reason;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::answer) fn serialize<S: Serializer>(
        reason: &Option<Reason>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&reason.as_ref().map_or(String::new(), Reason::to_string))
    }

    pub(in crate::answer) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Reason>, D::Error> {
        Ok(Reason::saved("unstable", &String::deserialize(deserializer)?))
    }
}
