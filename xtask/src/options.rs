//! The flags that every command shares.

use crate::failure::{Failure, Result};

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) action: Action,
    pub(crate) depth: Depth,
    /// Words of the command's own, such as the language that `setup` prepares.
    pub(crate) words: Vec<String>,
    /// Flags of the command's own with the word after each, such as `--rounds 500`.
    pub(crate) values: Vec<(String, String)>,
}

/// What to do with a command's stages.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Action {
    #[default]
    RunAll,
    RunOnly(String),
    List,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    #[default]
    Usual,
    /// The long forms too: more cases, longer simulations.
    Full,
}

impl Options {
    /// `words` and `flags` are those of its own that the command takes.
    pub(crate) fn parse(
        mut arguments: impl Iterator<Item = String>,
        words: &[&str],
        flags: &[&str],
    ) -> Result<Self> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--full" => options.depth = Depth::Full,
                "--list" => options.action = Action::List,
                "--only" => {
                    let stage =
                        arguments.next().ok_or_else(|| Failure::new("--only needs a stage; see --list"))?;
                    options.action = Action::RunOnly(stage);
                }
                word if words.contains(&word) => options.words.push(argument),
                flag if flags.contains(&flag) => {
                    let value = arguments.next();
                    let value = value.ok_or_else(|| Failure::new(format!("{flag} needs a value")))?;
                    options.values.push((argument, value));
                }
                other => return Err(Failure::new(format!("unknown argument `{other}`"))),
            }
        }
        Ok(options)
    }

    /// What a flag was given, the last time it was.
    pub(crate) fn value(&self, flag: &str) -> Option<&str> {
        self.values.iter().rev().find(|(name, _)| name == flag).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(line.split_whitespace().map(str::to_owned), &["swift"], &["--db"])
    }

    #[test]
    fn no_argument_runs_every_stage_at_the_usual_depth() {
        let expected = Options { action: Action::RunAll, depth: Depth::Usual, ..Options::default() };
        assert_eq!(parse(""), Ok(expected));
    }

    #[test]
    fn only_takes_the_stage_that_follows() {
        let expected =
            Options { action: Action::RunOnly("unit".into()), depth: Depth::Full, ..Options::default() };
        assert_eq!(parse("--full --only unit"), Ok(expected));
        assert!(parse("--only").is_err());
    }

    #[test]
    fn a_word_of_the_command_is_kept() {
        assert_eq!(parse("swift --full").unwrap().words, ["swift"]);
    }

    #[test]
    fn a_flag_of_the_command_keeps_the_word_after_it() {
        assert_eq!(parse("--db sqlite --full --db mysql").unwrap().value("--db"), Some("mysql"));
        assert_eq!(parse("").unwrap().value("--db"), None);
        assert!(parse("--db").is_err());
    }

    #[test]
    fn an_unknown_argument_is_refused() {
        assert!(parse("--fulll").is_err());
        assert!(parse("cobol").is_err());
    }
}
