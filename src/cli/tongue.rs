//! Which language a person is spoken to in, and `--help` in it.
//!
//! Owns the choice: the flag, then `RUNNER_LANG`, then the locale, where it
//! names a language that there is a catalogue of. It is made before the command
//! line is read, because help and mistakes in it are already spoken.

use std::ffi::OsString;

use clap::Command;

use crate::lang::Language;

/// What clap writes around the arguments, in its own order.
const TEMPLATE: &str =
    "{before-help}{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}{after-help}";

/// The language of a command line and its environment, given as a function.
pub(super) fn language(
    arguments: &[OsString],
    variable: impl Fn(&str) -> Option<String>,
) -> Language {
    let said = flag(arguments).or_else(|| variable("RUNNER_LANG"));
    if let Some(language) = said.as_deref().and_then(Language::of_locale) {
        return language;
    }
    // The first one that is set counts, as POSIX has it.
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let locale = names.iter().find_map(|name| variable(name));
    let locale = locale.as_deref().and_then(Language::of_locale);
    locale.unwrap_or_default()
}

/// What follows `--lang`; whether it is a language is clap's to say.
fn flag(arguments: &[OsString]) -> Option<String> {
    let mut arguments = arguments.iter().filter_map(|argument| argument.to_str());
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix("--lang") {
            Some("") => return arguments.next().map(str::to_owned),
            Some(rest) if rest.starts_with('=') => return Some(rest[1..].to_owned()),
            _ if argument == "--" => return None,
            _ => {}
        }
    }
    None
}

/// A command and all below it, with everything that help says translated.
pub(super) fn translated(mut command: Command, language: Language) -> Command {
    if language == Language::English {
        return command;
    }
    // What clap adds by itself, such as `--help`, is there from here on.
    command.build();
    all(command, language)
}

fn all(command: Command, language: Language) -> Command {
    let say = |text: &clap::builder::StyledStr| language.lines(&text.to_string()).into_owned();
    let about = command.get_about().map(say);
    let long_about = command.get_long_about().map(say);
    let after_help = command.get_after_help().map(say);
    let names: Vec<String> = command
        .get_subcommands()
        .map(|below| below.get_name().to_owned())
        .collect();
    let mut command = command
        .help_template(TEMPLATE.replace("{usage-heading}", &language.tr("Usage:")))
        .subcommand_help_heading(language.tr("Commands").into_owned())
        .mut_args(|argument| spoken(argument, language));
    if let Some(text) = about {
        command = command.about(text);
    }
    if let Some(text) = long_about {
        command = command.long_about(text);
    }
    if let Some(text) = after_help {
        command = command.after_help(text);
    }
    for name in names {
        command = command.mut_subcommand(name, |below| all(below, language));
    }
    command
}

fn spoken(argument: clap::Arg, language: Language) -> clap::Arg {
    // The variable of a flag is named behind its help, and has no translation.
    let say = |text: &clap::builder::StyledStr| {
        let text = text.to_string();
        let (words, variable) = text.split_at(text.find(" [env: ").unwrap_or(text.len()));
        format!("{}{variable}", language.lines(words))
    };
    let help = argument.get_help().map(say);
    let long_help = argument.get_long_help().map(say);
    let heading = match argument.get_help_heading() {
        Some(heading) => heading.to_owned(),
        None if argument.is_positional() => "Arguments".to_owned(),
        None => "Options".to_owned(),
    };
    let mut argument = argument.help_heading(language.tr(&heading).into_owned());
    if let Some(text) = help {
        argument = argument.help(text);
    }
    if let Some(text) = long_help {
        argument = argument.long_help(text);
    }
    argument
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::CommandFactory as _;

    use super::{language, translated};
    use crate::cli::Cli;
    use crate::lang::Language;

    fn chosen(arguments: &[&str], variables: &[(&str, &str)]) -> Language {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        language(&arguments, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn flag_then_variable_then_locale() {
        let zh = ("LANG", "zh_CN.UTF-8");
        let en = ("RUNNER_LANG", "en");
        assert_eq!(chosen(&["runner"], &[]), Language::English);
        assert_eq!(chosen(&["runner"], &[zh]), Language::Chinese);
        assert_eq!(chosen(&["runner"], &[zh, en]), Language::English);
        assert_eq!(
            chosen(&["runner", "--lang", "zh"], &[en]),
            Language::Chinese
        );
        assert_eq!(chosen(&["runner", "--lang=zh"], &[en]), Language::Chinese);
        assert_eq!(
            chosen(&["runner", "--", "--lang=zh"], &[]),
            Language::English
        );
        assert_eq!(
            chosen(&["runner"], &[("LC_ALL", "C"), zh]),
            Language::English
        );
    }

    #[test]
    fn help_is_still_sound_in_another_language() {
        translated(Cli::command(), Language::Chinese).debug_assert();
    }
}
