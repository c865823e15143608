//! The machine and the program that measured, by name: what a reader needs to judge or repeat a figure.

use crate::answer::Facts;
use std::collections::BTreeMap;
use std::fs::read_to_string;

/// What is known of the host; what cannot be read is left out.
pub(crate) fn host() -> Facts {
    let mut facts = BTreeMap::new();
    let mut tell = |name: &str, value: Option<String>| {
        if let Some(value) = value.map(|v| v.trim().to_string()).filter(|v| !v.is_empty()) {
            facts.insert(name.to_string(), value);
        }
    };
    tell("queuelab", Some(env!("CARGO_PKG_VERSION").into()));
    tell("revision", option_env!("QUEUELAB_REVISION").map(Into::into));
    let level =
        option_env!("QUEUELAB_OPTIMISED").map_or(String::new(), |level| format!(", optimised {level}"));
    tell("build", Some(format!("{}{level}", if cfg!(debug_assertions) { "debug" } else { "release" })));
    tell("compiler", option_env!("QUEUELAB_COMPILER").map(Into::into));
    tell("system", Some(format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)));
    tell("cores", std::thread::available_parallelism().ok().map(|n| n.to_string()));
    tell("cpu", cpu());
    tell("kernel", read_to_string("/proc/sys/kernel/osrelease").ok());
    tell(
        "clock source",
        read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource").ok(),
    );
    tell(
        "cpu quota",
        read_to_string("/sys/fs/cgroup/cpu.max").ok().filter(|quota| !quota.starts_with("max")),
    );
    tell(
        "timer slack",
        read_to_string("/proc/self/timerslack_ns")
            .ok()
            .map(|slack| format!("{} ns, 1 ns while measuring", slack.trim())),
    );
    tell("frequency governor", read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").ok());
    tell("load average", load_average());
    facts
}

/// The load averages of the last one, five and fifteen minutes.
pub(super) fn load_average() -> Option<String> {
    let text = read_to_string("/proc/loadavg").ok()?;
    Some(text.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
}

/// The processor's name, and whether it is a virtual one.
fn cpu() -> Option<String> {
    let text = read_to_string("/proc/cpuinfo").ok()?;
    let field = |name: &str| {
        text.lines()
            .find(|l| l.starts_with(name))
            .and_then(|l| l.split_once(':'))
            .map(|(_, v)| v.trim().to_string())
    };
    let model = field("model name").or_else(|| field("Hardware"))?;
    let is_virtual = field("flags").is_some_and(|flags| flags.split(' ').any(|f| f == "hypervisor"));
    Some(if is_virtual { format!("{model}, virtual") } else { model })
}

#[cfg(test)]
mod tests {
    #[test]
    fn facts_name_the_program_and_hold_no_blanks() {
        let facts = super::host();
        assert_eq!(facts["queuelab"], env!("CARGO_PKG_VERSION"));
        assert!(facts.values().all(|v| !v.is_empty() && v.trim() == v));
    }
}
