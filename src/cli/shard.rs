//! Which share of a sweep's points a worker answers: told, or found in what a scheduler sets in the
//! environment.

/// Every `of`-th point, from the `at`-th on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shard {
    /// From 0.
    pub at: usize,
    pub of: usize,
}

impl Shard {
    /// All points.
    pub(super) const WHOLE: Shard = Shard { at: 0, of: 1 };
}

/// What a scheduler calls a task's number, and what says how many there are.
struct Scheduler {
    name: &'static str,
    number: &'static str,
    count: Tasks,
}

/// What says how many tasks there are, and which number is the first.
enum Tasks {
    /// A variable; numbers begin at 0.
    Count(&'static str),
    /// The first number, the last and the step; where it is told, how many of them there really are.
    Range { first: &'static str, last: &'static str, step: &'static str, count: Option<&'static str> },
    /// Nothing does; numbers begin here.
    From(usize),
}

const SCHEDULERS: [Scheduler; 7] = [
    Scheduler {
        name: "Slurm",
        number: "SLURM_ARRAY_TASK_ID",
        count: Tasks::Range {
            first: "SLURM_ARRAY_TASK_MIN",
            last: "SLURM_ARRAY_TASK_MAX",
            step: "SLURM_ARRAY_TASK_STEP",
            count: Some("SLURM_ARRAY_TASK_COUNT"),
        },
    },
    Scheduler {
        name: "Grid Engine",
        number: "SGE_TASK_ID",
        count: Tasks::Range {
            first: "SGE_TASK_FIRST",
            last: "SGE_TASK_LAST",
            step: "SGE_TASK_STEPSIZE",
            count: None,
        },
    },
    Scheduler {
        name: "AWS Batch",
        number: "AWS_BATCH_JOB_ARRAY_INDEX",
        count: Tasks::Count("AWS_BATCH_JOB_ARRAY_SIZE"),
    },
    Scheduler {
        name: "Cloud Run",
        number: "CLOUD_RUN_TASK_INDEX",
        count: Tasks::Count("CLOUD_RUN_TASK_COUNT"),
    },
    Scheduler { name: "Google Batch", number: "BATCH_TASK_INDEX", count: Tasks::Count("BATCH_TASK_COUNT") },
    Scheduler { name: "Kubernetes", number: "JOB_COMPLETION_INDEX", count: Tasks::From(0) },
    Scheduler { name: "GNU parallel", number: "PARALLEL_SEQ", count: Tasks::From(1) },
];

/// A shard as `--shard` takes it: `3/16`; `auto`; `auto/16` where the environment has a number alone.
pub(super) fn shard(text: &str) -> Result<Shard, String> {
    read(text, &|name| std::env::var(name).ok())
}

fn read(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, String> {
    let (which, of) = match text.split_once('/') {
        Some((which, of)) => (which.trim(), Some(of.trim().parse::<usize>().ok().filter(|of| *of > 0))),
        None => (text.trim(), None),
    };
    if which == "auto" && of.is_none_or(|of| of.is_some()) {
        return automatic(of.flatten(), variable);
    }
    match (which.parse::<usize>(), of.flatten()) {
        (Ok(i), Some(of)) if i >= 1 && i <= of => Ok(Shard { at: i - 1, of }),
        _ => Err("write which of how many, as in 3/16, or auto".into()),
    }
}

fn automatic(of: Option<usize>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, String> {
    let number = |name: &str| variable(name)?.trim().parse::<usize>().ok();
    for Scheduler { name, number: own, count } in &SCHEDULERS {
        let Some(task) = number(own) else { continue };
        let lacks = |what: &str| format!("{own} is set, as by {name}, but {what} is not");
        let (at, count) = match count {
            Tasks::Count(count) => (task, Some(number(count).ok_or_else(|| lacks(count))?)),
            Tasks::From(first) => (task.checked_sub(*first).ok_or_else(|| format!("{own} is {task}"))?, None),
            Tasks::Range { first, last, step, count } => {
                let from = number(first).ok_or_else(|| lacks(first))?;
                let last = number(last).ok_or_else(|| lacks(last))?;
                let step = number(step).unwrap_or(1).max(1);
                let all = last.saturating_sub(from) / step + 1;
                if count.and_then(number).is_some_and(|told| told != all) {
                    return Err(format!(
                        "the array of {name} has gaps, so that shares cannot be numbered; submit one without"
                    ));
                }
                (task.saturating_sub(from) / step, Some(all))
            }
        };
        let of = match (of, count) {
            (Some(of), Some(count)) if of != count => {
                return Err(format!("{name} says that there are {count} tasks, not {of}; write auto"));
            }
            (of, count) => of.or(count).ok_or_else(|| {
                format!("{name} does not say how many tasks there are; write auto/N, such as auto/16")
            })?,
        };
        let shard = Shard { at, of };
        return if at < of { Ok(shard) } else { Err(format!("task {at} of {of} by {own}, counted from 0")) };
    }
    let names = SCHEDULERS.map(|scheduler| scheduler.number).join(", ");
    Err(format!("none of {names} is set; write which of how many, as in 3/16"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, set: &[(&str, &str)]) -> Result<Shard, String> {
        let known = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| value.to_string());
        read(text, &known)
    }

    #[test]
    fn shares_are_told_or_found() {
        let shard = |at, of| Ok(Shard { at, of });
        assert_eq!(of("3/16", &[]), shard(2, 16));
        for wrong in ["0/4", "5/4", "3", "a/b", "auto/0", "auto/x", ""] {
            assert!(of(wrong, &[]).is_err(), "{wrong}");
        }
        assert!(of("auto", &[]).is_err_and(|why| why.contains("SLURM_ARRAY_TASK_ID")));
        let slurm = |id, count| {
            [
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", "3"),
                ("SLURM_ARRAY_TASK_MAX", "11"),
                ("SLURM_ARRAY_TASK_STEP", "4"),
                ("SLURM_ARRAY_TASK_COUNT", count),
            ]
        };
        assert_eq!(of("auto", &slurm("7", "3")), shard(1, 3));
        // --array=3,7,9,11: four tasks, whose step is said to be 1 or the like.
        assert!(of("auto", &slurm("7", "4")).is_err_and(|why| why.contains("gaps")));
        assert!(of("auto", &[("JOB_COMPLETION_INDEX", "2")]).is_err_and(|why| why.contains("auto/N")));
        assert_eq!(of("auto/5", &[("JOB_COMPLETION_INDEX", "2")]), shard(2, 5));
        assert_eq!(of("auto/5", &[("PARALLEL_SEQ", "5")]), shard(4, 5));
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_SIZE", "8")];
        assert_eq!(of("auto", &batch), shard(0, 8));
        assert!(of("auto/9", &batch).is_err());
    }
}
