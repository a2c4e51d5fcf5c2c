//! A command is a table of stages; this runs the table.

use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};
use crate::options::{Action, Options};
use crate::tools::Tool;

pub(crate) struct Stage<T: 'static> {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Installed on demand before the stage runs.
    pub(crate) needs: &'static [&'static Tool],
    pub(crate) run: fn(&Options) -> Result<T>,
}

pub(crate) struct Finished<T> {
    pub(crate) name: &'static str,
    pub(crate) took: Duration,
    pub(crate) outcome: Result<T>,
}

/// Runs what `options` selects, each stage whatever the others did. `None` when they asked for the list.
pub(crate) fn run_all<T>(stages: &[&Stage<T>], options: &Options) -> Result<Option<Vec<Finished<T>>>> {
    match &options.action {
        Action::List => {
            for Stage { name, about, .. } in stages {
                println!("{name:<18}{about}");
            }
            Ok(None)
        }
        Action::RunAll => Ok(Some(stages.iter().map(|stage| run_one(stage, options)).collect())),
        Action::RunOnly(name) => {
            let stage = stages.iter().find(|stage| stage.name == name);
            let stage = stage.ok_or_else(|| Failure::new(format!("no stage `{name}`; see --list")))?;
            Ok(Some(vec![run_one(stage, options)]))
        }
    }
}

pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a stage took is for the reader; nothing decides on it"
)]
fn run_one<T>(stage: &Stage<T>, options: &Options) -> Finished<T> {
    println!("\n== {}: {}", stage.name, stage.about);
    let start = Instant::now();
    let ready = stage.needs.iter().try_for_each(|tool| tool.ensure());
    let outcome = ready.and_then(|()| (stage.run)(options));
    if let Err(failure) = &outcome {
        eprintln!("{}: {failure}", stage.name);
    }
    Finished { name: stage.name, took: start.elapsed(), outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGES: &[Stage<u8>] = &[
        Stage { name: "bad", about: "fails", needs: &[], run: |_| Err(Failure::new("no")) },
        Stage { name: "good", about: "holds", needs: &[], run: |_| Ok(7) },
    ];

    #[test]
    fn a_failed_stage_does_not_stop_the_next() {
        let finished = run_all(&STAGES.iter().collect::<Vec<_>>(), &Options::default()).unwrap().unwrap();
        assert!(finished[0].outcome.is_err());
        assert_eq!(finished[1].outcome, Ok(7));
    }

    #[test]
    fn only_the_named_stage_runs_and_an_unknown_name_is_refused() {
        let only = |name: &str| Options { action: Action::RunOnly(name.into()), ..Options::default() };
        let finished = run_all(&STAGES.iter().collect::<Vec<_>>(), &only("good")).unwrap().unwrap();
        assert_eq!(finished.iter().map(|stage| stage.name).collect::<Vec<_>>(), ["good"]);
        assert!(run_all(&STAGES.iter().collect::<Vec<_>>(), &only("goood")).is_err());
    }
}
