//! `queuelab sweep recipe`: what a scheduler is given to answer a planned sweep in shares.

use std::path::Path;

/// Who spreads the shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Scheduler {
    /// A job array, for sbatch
    Slurm,
    /// An indexed job, for kubectl apply
    #[value(name = "k8s", alias = "kubernetes")]
    Kubernetes,
    /// GNU parallel, on one machine or by ssh on several
    Parallel,
    /// A workflow of GitHub Actions
    Github,
}

impl Scheduler {
    fn template(self) -> &'static str {
        match self {
            Scheduler::Slurm => include_str!("recipes/slurm.sh"),
            Scheduler::Kubernetes => include_str!("recipes/kubernetes.yaml"),
            Scheduler::Parallel => include_str!("recipes/parallel.sh"),
            Scheduler::Github => include_str!("recipes/github.yaml"),
        }
    }

    /// Whether a folder is a word of a shell there, which a blank would end.
    fn is_shell(self) -> bool {
        matches!(self, Scheduler::Slurm | Scheduler::Parallel)
    }
}

/// The text for a sweep's folder and a number of shares.
///
/// # Errors
/// The folder's name cannot be written there.
pub(super) fn recipe(scheduler: Scheduler, folder: &Path, tasks: u32) -> Result<String, String> {
    let name = folder.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,~".contains(c);
    if !name.chars().all(|c| plain(c) || (c == ' ' && !scheduler.is_shell())) {
        return Err(format!(
            "the folder `{name}` has signs that would have to be quoted; move it to a plainer name"
        ));
    }
    let shards = (1..=tasks).map(|shard| shard.to_string()).collect::<Vec<_>>().join(", ");
    let text = scheduler.template().replace("TASKS", &tasks.to_string()).replace("SHARDS", &shards);
    Ok(text.replace("FOLDER", &name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn a_recipe_names_the_folder_and_the_shares() {
        for scheduler in Scheduler::value_variants() {
            let text = recipe(*scheduler, Path::new("results/mm1/sweep"), 16).expect("a plain name");
            assert!(text.contains("queuelab sweep run") || text.contains("queuelab, sweep, run"), "{text}");
            assert!(text.contains("results/mm1/sweep") && text.contains("16"), "{text}");
            assert!(!["FOLDER", "TASKS", "SHARDS"].iter().any(|left| text.contains(left)), "{text}");
            assert!(recipe(*scheduler, Path::new("a; rm b"), 2).is_err());
        }
    }
}
