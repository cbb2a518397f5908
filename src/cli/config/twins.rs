//! What every flag is called elsewhere: its variable and its key.
//!
//! Owns the one rule for these names and the list of flags that have none, each
//! with its reason. Walks the command line as it is defined, so that a new flag has
//! its twins at once.

use std::any::TypeId;
use std::path::PathBuf;

use clap::builder::{BoolishValueParser, StyledStr};
use clap::{Arg, ArgAction, Command};

/// Flags that are typed or not at all, and why.
pub(super) const TYPED: &[(&str, &str)] = &[
    ("yes", "it answers a question about money"),
    ("force", "it pays for a shot once more"),
    ("retry", "it pays for a shot once more"),
    ("allow_unpriced", "it spends what no budget counts"),
    (
        "store_optional",
        "it pays for what the shared store may have",
    ),
    ("vars", "it changes what is asked for, and so what is paid"),
    (
        "vars_file",
        "it changes what is asked for, and so what is paid",
    ),
    ("task", "it is a person's word on one creation"),
    ("lost", "it is a person's word on one creation"),
    ("attempt", "it is a person's word on one creation"),
    ("select", "it is a person's choice of one take"),
    ("update", "it is a person's choice of what is accepted"),
    (
        "overwrite",
        "it replaces files that this program did not make",
    ),
    ("send_key", "it shows the key to a service"),
];

/// Flags that have a variable and no key, and why.
const NOT_IN_FILES: &[(&str, &str)] = &[
    ("simulate", "the manifest says `backend: simulator`"),
    (
        "backend",
        "the manifest names its backend; a file can name a profile",
    ),
    ("only", "shots would be left out without a word"),
    ("changed", "shots would be left out without a word"),
    ("failed", "shots would be left out without a word"),
    ("shard", "shots would be left out without a word"),
    ("run_id", "it names one run, and a file is there for many"),
    (
        "save",
        "a file that came with a storyboard must not name files",
    ),
    (
        "reports",
        "a file that came with a storyboard must not name files",
    ),
    (
        "output",
        "a file that came with a storyboard must not name files",
    ),
    (
        "record",
        "a file that came with a storyboard must not name files",
    ),
    (
        "replay",
        "a file that came with a storyboard must not name files",
    ),
    ("key", "a key does not belong into a file that is shared"),
    (
        "listen",
        "a file that came with a storyboard must not open ports",
    ),
];

/// Settings that the manifest has too: a file stands under it, not over it.
pub(super) const MIRRORED: &[&str] = &[
    "out",
    "concurrency",
    "creates_per_minute",
    "polls_per_minute",
    "max_cost",
    "deadline",
    "poll_interval",
];

/// Variables that are no flag's.
const PLAIN: [&str; 3] = ["RUNNER_CONFIG_DIR", "RUNNER_FFMPEG", "RUNNER_STATE_DIR"];

/// The command whose flags need no command in their names.
pub(super) const MAIN: &str = "apply";

/// Why a flag has neither variable nor key, where that is so.
pub(super) fn typed_only(arg: &Arg) -> Option<&'static str> {
    reason(TYPED, arg)
}

/// Why a flag has no key, where that is so.
pub(super) fn not_in_files(arg: &Arg) -> Option<&'static str> {
    typed_only(arg).or_else(|| reason(NOT_IN_FILES, arg))
}

fn reason(table: &[(&str, &'static str)], arg: &Arg) -> Option<&'static str> {
    let id = arg.get_id().as_str();
    table
        .iter()
        .find(|(flag, _)| *flag == id)
        .map(|(_, why)| *why)
}

/// Whether it is a flag that anything can be said about here.
pub(super) fn is_setting(arg: &Arg) -> bool {
    arg.get_long().is_some()
        && !arg.is_required_set()
        && !matches!(
            arg.get_action(),
            ArgAction::Help | ArgAction::HelpLong | ArgAction::HelpShort | ArgAction::Version
        )
}

/// The key of a flag in a file: `creates_per_minute` for `--creates-per-minute`.
pub(super) fn key(arg: &Arg) -> String {
    arg.get_long().unwrap_or_default().replace('-', "_")
}

/// Whether a flag means the same for every command: it is one of `apply`'s, or of
/// the program's own.
pub(super) fn is_shared(root: &Command, arg: &Arg) -> bool {
    let same = |own: &&Arg| {
        own.get_id() == arg.get_id()
            && own.get_value_names() == arg.get_value_names()
            && is_switch(own) == is_switch(arg)
    };
    arg.is_global_set()
        || root
            .find_subcommand(MAIN)
            .is_some_and(|main| main.get_arguments().any(|own| same(&own)))
}

/// Whether the manifest has this setting too.
pub(super) fn is_mirrored(root: &Command, arg: &Arg) -> bool {
    MIRRORED.contains(&arg.get_id().as_str()) && is_shared(root, arg)
}

/// The variable of a flag: `RUNNER_CONCURRENCY`, and for what is a command's own
/// `RUNNER_SHEET_COLUMNS`.
pub(super) fn variable(root: &Command, command: &str, arg: &Arg) -> Option<String> {
    if !is_setting(arg) || typed_only(arg).is_some() {
        return None;
    }
    let own = if is_shared(root, arg) {
        String::new()
    } else {
        format!("{command}_")
    };
    Some(
        format!("RUNNER_{own}{}", key(arg))
            .to_uppercase()
            .replace('-', "_"),
    )
}

/// Every variable that a flag or the program itself is set by.
pub(in crate::cli) fn variables(root: &Command) -> Vec<String> {
    let of = |command: &Command| -> Vec<String> {
        let args = command.get_arguments();
        args.filter_map(|arg| variable(root, command.get_name(), arg))
            .collect()
    };
    let mut all: Vec<String> = root.get_subcommands().flat_map(of).collect();
    all.extend(of(root));
    all.extend(PLAIN.map(str::to_owned));
    all.sort();
    all.dedup();
    all
}

/// Whether it is there or not, without a value.
pub(super) fn is_switch(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::SetFalse)
}

/// Whether several values can be given.
pub(super) fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// Whether its value is a path.
pub(super) fn is_path(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == TypeId::of::<PathBuf>()
}

/// The same command line with the variable of every flag in its help.
pub(super) fn described(root: Command) -> Command {
    let names = root.clone();
    let describe = |command: String| {
        let names = names.clone();
        move |arg: Arg| match variable(&names, &command, &arg) {
            Some(variable) => with_note(arg, &variable),
            None => arg,
        }
    };
    let commands: Vec<String> = root
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let root = root.mut_args(describe(String::new()));
    commands.into_iter().fold(root, |root, name| {
        root.mut_subcommand(&name, |command| command.mut_args(describe(name.clone())))
    })
}

fn with_note(arg: Arg, variable: &str) -> Arg {
    let note = |text: Option<&StyledStr>| text.map(|text| format!("{text} [env: {variable}]"));
    let (short, long) = (note(arg.get_help()), note(arg.get_long_help()));
    let arg = match short {
        Some(short) => arg.help(short),
        None => arg,
    };
    match long {
        Some(long) => arg.long_help(long),
        None => arg,
    }
}

/// Why a text is no value of a flag.
pub(super) struct Refused {
    /// What is wrong with it, in the words of the flag itself.
    pub message: String,
    /// What could stand there.
    pub help: Option<String>,
}

/// The words as the flag takes them, or why it does not: checked by the flag's own parser.
pub(super) fn checked(arg: &Arg, words: &[String]) -> Result<Vec<String>, Refused> {
    if is_switch(arg) {
        return words.iter().map(|word| switch(arg, word)).collect();
    }
    let alone = Arg::new("value")
        .long("value")
        .action(arg.get_action().clone())
        .value_parser(arg.get_value_parser().clone());
    let command = Command::new("value").no_binary_name(true).arg(alone);
    for word in words {
        let given = [format!("--value={word}")];
        if let Err(error) = command.clone().try_get_matches_from(given) {
            return Err(refusal(arg, word, &error));
        }
    }
    Ok(words.to_vec())
}

fn switch(arg: &Arg, word: &str) -> Result<String, Refused> {
    use clap::builder::TypedValueParser as _;

    let parsed = BoolishValueParser::new().parse_ref(&Command::new("value"), None, word.as_ref());
    parsed.map(|on| on.to_string()).map_err(|_| Refused {
        message: format!("`{word}` is no value for `{}`", key(arg)),
        help: Some("write true or false".to_owned()),
    })
}

fn refusal(arg: &Arg, word: &str, error: &clap::Error) -> Refused {
    use std::error::Error as _;

    let why = error.source().map(|source| format!(": {source}"));
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    Refused {
        message: format!(
            "`{word}` is no value for `{}`{}",
            key(arg),
            why.unwrap_or_default()
        ),
        help: (!values.is_empty()).then(|| format!("one of {}", values.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    fn settings(root: &Command) -> Vec<(String, Arg)> {
        let of = |command: &Command| -> Vec<(String, Arg)> {
            let name = command.get_name().to_owned();
            let args = command.get_arguments().filter(|arg| is_setting(arg));
            args.map(|arg| (name.clone(), arg.clone())).collect()
        };
        root.get_subcommands().chain([root]).flat_map(of).collect()
    }

    #[test]
    fn every_flag_has_a_variable_of_one_meaning_or_a_reason() {
        let root = Cli::command();
        let mut seen: BTreeMap<String, Arg> = BTreeMap::new();
        for (command, arg) in settings(&root) {
            let Some(variable) = variable(&root, &command, &arg) else {
                assert!(typed_only(&arg).is_some(), "{command} {arg}");
                continue;
            };
            if let Some(other) = seen.insert(variable.clone(), arg.clone()) {
                assert_eq!(other.get_value_names(), arg.get_value_names(), "{variable}");
                assert_eq!(is_list(&other), is_list(&arg), "{variable}");
            }
        }
        for (name, command) in [
            ("RUNNER_CONCURRENCY", "--concurrency <N>"),
            ("RUNNER_SHEET_COLUMNS", "--columns <N>"),
            ("RUNNER_EXPORT_OUT", "--out <PATH>"),
            ("RUNNER_OUT", "--out <DIR>"),
            ("RUNNER_COLOR", "--color <WHEN>"),
        ] {
            let arg = &seen[name];
            let value = &arg.get_value_names().expect("a value has a name")[0];
            let long = arg.get_long().expect("a flag has a name");
            assert_eq!(format!("--{long} <{value}>"), command);
        }
    }

    /// A flag that is renamed must not lose what protects from it.
    #[test]
    fn every_exception_is_a_flag() {
        let all = settings(&Cli::command());
        let names = TYPED.iter().chain(NOT_IN_FILES).map(|(id, _)| *id);
        for id in names.chain(MIRRORED.iter().copied()) {
            assert!(all.iter().any(|(_, arg)| arg.get_id() == id), "{id}");
        }
    }

    #[test]
    fn values_are_checked_by_their_flags() {
        let root = Cli::command();
        let all = settings(&root);
        let arg = |id: &str| {
            let found = all.iter().find(|(_, arg)| arg.get_id() == id);
            found.expect("it is a flag").1.clone()
        };
        let check = |id: &str, word: &str| checked(&arg(id), &[word.to_owned()]).ok();
        assert_eq!(check("concurrency", "8"), Some(vec!["8".to_owned()]));
        assert_eq!(check("verbose", "yes"), Some(vec!["true".to_owned()]));
        assert_eq!(check("verbose", "0"), Some(vec!["false".to_owned()]));
        for (id, wrong) in [
            ("concurrency", "0"),
            ("progress", "fancy"),
            ("verbose", "2"),
            ("max_cost", "5"),
        ] {
            assert_eq!(check(id, wrong), None, "{id} {wrong}");
        }
    }
}
