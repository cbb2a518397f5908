//! The tree of a file to settings, with every mistake at its place.
//!
//! Owns what may stand in a file, and in whose. A value is checked by the parser of
//! its flag; nothing is decided here.

use clap::{Arg, Command};

use crate::cli::config::files::{Files, Kind, Place, Setting};
use crate::cli::config::{profiles, twins};
use crate::diag::{Code, Diagnostic, Spanned, suggest};
use crate::manifest::tree::{Entry, Kind as Shape, Node};

/// What belongs to a film and not to a person.
const OF_A_PROJECT: [&str; 2] = ["out", "videos"];

/// Keys that are no flags.
const WORDS: [&str; 2] = ["profile", "profiles"];

/// Reads a file into `files`.
pub(super) fn read(files: &mut Files, tree: &Node, place: &Place, root: &Command) {
    match &tree.kind {
        Shape::Map(_) => {}
        Shape::Null => return,
        _ => {
            let message = format!(
                "a configuration file is a mapping from names to values, this is {}",
                tree.describe()
            );
            let wrong = Diagnostic::error(Code::WrongType, tree.span, message);
            files
                .diagnostics
                .push(wrong.help("write for example `concurrency: 8`"));
            return;
        }
    }
    let mut reader = Reader {
        files,
        place,
        root,
        profile: None,
    };
    // What is said of one command counts before what is said of all.
    let (commands, others): (Vec<&Entry>, Vec<&Entry>) = tree
        .entries()
        .iter()
        .partition(|entry| is_command(root, entry));
    for entry in commands {
        reader.command(entry);
    }
    for entry in others {
        match &*entry.key.value {
            "profile" => reader.usual(entry),
            "profiles" => profiles::read(&mut reader, &entry.value),
            _ => reader.setting(entry, None),
        }
    }
}

/// Whether it is a command with its flags. `simulate` is a flag, too, and that is
/// what is meant where its value is none for a command.
fn is_command(root: &Command, entry: &Entry) -> bool {
    let name = &*entry.key.value;
    let main = root.find_subcommand(twins::MAIN);
    let is_flag = main.is_some_and(|main| main.get_arguments().any(|arg| twins::key(arg) == name));
    let with_flags = matches!(entry.value.kind, Shape::Map(_)) || !is_flag;
    root.find_subcommand(name).is_some() && with_flags
}

/// Keys that somebody wrote into a file, each with its place; the text is blacked out.
pub(super) fn secrets(tree: &Node, text: &str, masked: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut open = vec![tree];
    while let Some(node) = open.pop() {
        open.extend(node.items());
        open.extend(node.entries().iter().map(|entry| &entry.value));
        let range = node.span.start..node.span.end;
        let leaf = node.is_scalar() || matches!(node.kind, Shape::Null);
        if leaf && text.get(range.clone()) != masked.get(range) {
            found.push(
                Diagnostic::error(
                    Code::BadValue,
                    node.span,
                    "a key does not belong into a configuration file",
                )
                .note("it is blacked out here; whoever got this file has it")
                .help("put it into the environment or a `.env` file that is not shared, as MINIMAX_API_KEY or what `key_env` names"),
            );
        }
    }
    found.sort_by_key(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span));
    found
}

/// Reads one file.
pub(super) struct Reader<'a> {
    pub(super) files: &'a mut Files,
    pub(super) place: &'a Place,
    root: &'a Command,
    /// The profile that is being read.
    pub(super) profile: Option<String>,
}

impl Reader<'_> {
    /// `profile: NAME`
    fn usual(&mut self, entry: &Entry) {
        match entry.value.text() {
            Some(name) if self.files.usual.is_none() => {
                let name = Spanned::new(name.to_owned(), entry.value.span);
                self.files.usual = Some(name);
            }
            Some(_) => {}
            None => self.wrong(Code::WrongType, entry, "`profile` is the name of a profile"),
        }
    }

    /// `apply: { … }`
    fn command(&mut self, entry: &Entry) {
        if !matches!(entry.value.kind, Shape::Map(_)) {
            let message = format!(
                "`{}` is a command: a mapping from its flags to values belongs here, this is {}",
                entry.key.value,
                entry.value.describe()
            );
            self.wrong(Code::WrongType, entry, message);
            return;
        }
        for inner in entry.value.entries() {
            self.setting(inner, Some(&entry.key.value));
        }
    }

    /// A flag and its value.
    pub(super) fn setting(&mut self, entry: &Entry, command: Option<&str>) {
        let Some((owner, arg)) = self.arg(&entry.key.value, command) else {
            self.unknown(entry, command);
            return;
        };
        if let Some(why) = self.refused(&owner, &arg, command) {
            let key = &entry.key.value;
            let message = format!("`{key}` cannot be set here: {why}");
            self.wrong(Code::BadValue, entry, message);
            return;
        }
        let Some(words) = self.words(entry, &arg) else {
            return;
        };
        match twins::checked(&arg, &words) {
            Ok(values) => self.files.settings.push(Setting {
                key: (*entry.key.value).to_owned(),
                command: command.map(ToOwned::to_owned),
                profile: self.profile.clone(),
                values: values
                    .into_iter()
                    .map(|value| self.path(&arg, value))
                    .collect(),
                span: entry.value.span,
                above: self.place.above,
            }),
            Err(refused) => {
                let wrong = Diagnostic::error(Code::BadValue, entry.value.span, refused.message);
                self.files.diagnostics.push(match refused.help {
                    Some(help) => wrong.help(help),
                    None => wrong,
                });
            }
        }
    }

    /// The flag behind a key, and the command that has it.
    fn arg(&self, key: &str, command: Option<&str>) -> Option<(String, Arg)> {
        let commands = self.root.get_subcommands();
        let inside = |name: &str| command.is_none_or(|command| command == name);
        let owners = commands.filter(|command| inside(command.get_name()));
        let global = Some(self.root).filter(|_| command.is_none());
        owners.chain(global).find_map(|owner| {
            let arg = owner.get_arguments().find(|arg| {
                let here = command.is_some() || twins::is_shared(self.root, arg);
                here && twins::is_setting(arg) && twins::key(arg) == key
            })?;
            Some((owner.get_name().to_owned(), arg.clone()))
        })
    }

    /// Why a flag cannot be set in this file at this place.
    fn refused(&self, owner: &str, arg: &Arg, command: Option<&str>) -> Option<String> {
        let key = twins::key(arg);
        if key == "profile" {
            return Some("it is the name of a profile, at the top of the file".to_owned());
        }
        if let Some(why) = twins::not_in_files(arg) {
            return Some(why.to_owned());
        }
        if self.place.kind == Kind::User && OF_A_PROJECT.contains(&&*key) {
            return Some("where videos are belongs to a project, in its runner.yaml".to_owned());
        }
        let elsewhere = key == "out" && command.is_some() && twins::is_mirrored(self.root, arg);
        elsewhere.then(|| {
            format!("all commands look in the same folder, not only `{owner}`; write it at the top")
        })
    }

    /// The words that a flag would be given.
    fn words(&mut self, entry: &Entry, arg: &Arg) -> Option<Vec<String>> {
        let one = |node: &Node| match &node.kind {
            Shape::Bool(value) => Some(value.to_string()),
            Shape::Number(number) => Some(number.to_string()),
            Shape::Text(text) => Some((**text).to_owned()),
            _ => None,
        };
        let words: Option<Vec<String>> = match &entry.value.kind {
            Shape::List(items) if twins::is_list(arg) => items.iter().map(one).collect(),
            _ => one(&entry.value).map(|word| vec![word]),
        };
        if words.is_none() {
            let message = format!(
                "`{}` is a value as for its flag, this is {}",
                entry.key.value,
                entry.value.describe()
            );
            self.wrong(Code::WrongType, entry, message);
        }
        words
    }

    /// Paths are meant as seen from their file. The output folder stays as written:
    /// it comes to stand in the manifest, whose paths are relative as well.
    fn path(&self, arg: &Arg, value: String) -> String {
        let is_address = value.contains("://");
        if !twins::is_path(arg) || twins::is_mirrored(self.root, arg) || value == "-" || is_address
        {
            return value;
        }
        let folder = self.place.path.parent().unwrap_or(&self.place.path);
        super::files::shown(&folder.join(&value))
    }

    fn unknown(&mut self, entry: &Entry, command: Option<&str>) {
        let key = &*entry.key.value;
        let known = self.known(command);
        let diagnostic = Diagnostic::error(
            Code::UnknownKey,
            entry.key.span,
            match command {
                Some(command) => format!("`{command}` has no flag `{key}`"),
                None => format!("`{key}` is no setting"),
            },
        );
        let owner = self.root.get_subcommands().find(|command| {
            command
                .get_arguments()
                .any(|arg| twins::is_setting(arg) && twins::key(arg) == key)
        });
        let near = suggest(key, known.iter().map(String::as_str));
        self.files.diagnostics.push(match (near, owner) {
            (_, Some(owner)) if command.is_none() => {
                let owner = owner.get_name();
                diagnostic.help(format!(
                    "it is a flag of `{owner}`: write it under `{owner}:`"
                ))
            }
            (Some(near), _) => diagnostic.help(format!("did you mean `{near}`?")),
            (None, _) if matches!(key, "shots" | "version" | "defaults" | "limits") => diagnostic
                .note("this file is a configuration because of its name")
                .help("give the storyboard another name"),
            (None, _) => diagnostic.help("`runner config` lists the settings"),
        });
    }

    fn known(&self, command: Option<&str>) -> Vec<String> {
        let of = |owner: &Command| -> Vec<String> {
            owner
                .get_arguments()
                .filter(|arg| twins::is_setting(arg) && twins::not_in_files(arg).is_none())
                .filter(|arg| command.is_some() || twins::is_shared(self.root, arg))
                .map(twins::key)
                .collect()
        };
        if let Some(command) = command {
            return self
                .root
                .find_subcommand(command)
                .map(of)
                .unwrap_or_default();
        }
        let mut known: Vec<String> = self.root.get_subcommands().flat_map(of).collect();
        known.extend(of(self.root));
        known.extend(WORDS.map(str::to_owned));
        if self.profile.is_none() {
            let commands = self.root.get_subcommands();
            known.extend(commands.map(|command| command.get_name().to_owned()));
        }
        known
    }

    pub(super) fn wrong(&mut self, code: Code, entry: &Entry, message: impl Into<String>) {
        let wrong = Diagnostic::error(code, entry.value.span, message);
        self.files.diagnostics.push(wrong);
    }
}
