//! `queuelab calibrate`: this host's clock, sleep, hand-off and stalls, and a broker's deliveries.

use super::{Ending, style};
use crate::load::{self, LoadError};
use crate::units::{Time, significant};

pub(super) fn calibrate(target: Option<&str>, json: bool) -> Ending {
    let host = load::host();
    let broker = target.map(load::calibrate_target).transpose();
    let calibration = match broker {
        Ok(broker) => load::calibrate().and(broker.unwrap_or_default()),
        Err(why) => {
            style::note(&format!("error: {why}\n"));
            let wrong = matches!(why, LoadError::NoBroker { .. } | LoadError::UnknownTarget { .. });
            return if wrong { Ending::Wrong } else { Ending::Failed };
        }
    };
    if json {
        let document = serde_json::json!({ "host": host, "calibration": calibration });
        return style::out(&format!("{document:#}\n"));
    }
    let mut text = String::new();
    for (name, value) in &host {
        text += &format!("{name:<16} {value}\n");
    }
    text.push('\n');
    for figure in calibration.figures() {
        let value = if figure.unit == "s" {
            Time(figure.value).to_string()
        } else {
            format!("{} {}", significant(figure.value, 3), figure.unit)
        };
        text += &format!("{:<28} {value:>12}   {}\n", figure.name, figure.meaning);
    }
    style::out(&text)
}
