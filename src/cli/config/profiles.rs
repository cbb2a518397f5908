//! Profiles: which service, with which key, and settings that go along with it.
//!
//! Owns the two built-in ones and the rules for those in files. A profile names the
//! variable of its key, never the key.

use crate::cli::backend::{GLOBAL, MAINLAND};
use crate::cli::config::files::{Files, Kind, shown};
use crate::cli::config::keys::Reader;
use crate::diag::{Code, Diagnostic, suggest};
use crate::manifest::tree::{Entry, Kind as Shape, Node};
use crate::manifest::{bad_base_url, is_loopback};

/// The profiles that are always there, with their hosts.
const BUILT_IN: [(&str, &str); 2] = [("global", GLOBAL), ("mainland", MAINLAND)];

/// Values of `region`, by the names that the vendor's own tools use.
const REGIONS: [(&str, &str); 3] = [("global", GLOBAL), ("cn", MAINLAND), ("mainland", MAINLAND)];

/// One profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Profile {
    /// Its name.
    pub name: String,
    /// Where the service is, where it says so.
    pub base_url: Option<String>,
    /// The variable of the key, where it names one.
    pub key_env: Option<String>,
    /// Whose file it is in; `None` for a built-in one.
    pub kind: Option<Kind>,
    /// Where it is written, for people.
    pub place: String,
}

impl Profile {
    /// Whether it says anything about the service.
    pub(in crate::cli) fn has_service(&self) -> bool {
        self.base_url.is_some() || self.key_env.is_some()
    }
}

impl Files {
    /// The profile of a name.
    pub(in crate::cli) fn profile(&self, name: &str) -> Option<Profile> {
        let own = self.profiles.iter().find(|profile| profile.name == name);
        own.cloned().or_else(|| {
            let built_in = BUILT_IN.iter().find(|(built_in, _)| *built_in == name);
            built_in.map(|(name, url)| Profile {
                name: (*name).to_owned(),
                base_url: Some((*url).to_owned()),
                key_env: None,
                kind: None,
                place: "built in".to_owned(),
            })
        })
    }

    /// Why there is no profile of a name, and which was meant.
    pub(in crate::cli) fn no_profile(&self, name: &str) -> (String, String) {
        let mut names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        names.extend(self.profiles.iter().map(|profile| profile.name.as_str()));
        let help = match suggest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", names.join(", ")),
        };
        (format!("no profile is called `{name}`"), help)
    }

    /// The usual profile has to be there.
    pub(super) fn check_usual(&mut self) {
        if let Some(name) = &self.usual
            && self.profile(&name.value).is_none()
        {
            let (message, help) = self.no_profile(&name.value);
            let wrong = Diagnostic::error(Code::BadValue, name.span, message);
            self.diagnostics.push(wrong.help(help));
        }
    }
}

/// Reads `profiles:`.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) {
    if !matches!(node.kind, Shape::Map(_)) {
        let message = format!(
            "`profiles` is a mapping from names to profiles, this is {}",
            node.describe()
        );
        let wrong = Diagnostic::error(Code::WrongType, node.span, message);
        reader.files.diagnostics.push(wrong);
        return;
    }
    for entry in node.entries() {
        one(reader, entry);
    }
}

fn one(reader: &mut Reader<'_>, entry: &Entry) {
    let name = entry.key.value.to_string();
    if let Some(why) = taken(reader, &name) {
        let message = format!("a profile cannot be called `{name}` here: {why}");
        let wrong = Diagnostic::error(Code::BadValue, entry.key.span, message);
        reader
            .files
            .diagnostics
            .push(wrong.help("choose another name"));
        return;
    }
    if !matches!(entry.value.kind, Shape::Map(_)) {
        let message = format!(
            "a profile is a mapping such as `{{ region: cn, key_env: MINIMAX_CN_API_KEY }}`, this is {}",
            entry.value.describe()
        );
        reader.wrong(Code::WrongType, entry, message);
        return;
    }
    let mut profile = Profile {
        name: name.clone(),
        base_url: None,
        key_env: None,
        kind: Some(reader.place.kind),
        place: shown(&reader.place.path),
    };
    reader.profile = Some(name);
    for inner in entry.value.entries() {
        match &*inner.key.value {
            "region" => set(reader, inner, &mut profile.base_url, region),
            "base_url" => set(reader, inner, &mut profile.base_url, base_url),
            "key_env" => set(reader, inner, &mut profile.key_env, key_env),
            _ => reader.setting(inner, None),
        }
    }
    reader.profile = None;
    foreign_key(reader, entry, &profile);
    reader.files.profiles.push(profile);
}

/// A name that has its meaning already. The project's file is read before the
/// user's, and must not give another meaning to a name of the user's.
fn taken(reader: &Reader<'_>, name: &str) -> Option<String> {
    if BUILT_IN.iter().any(|(built_in, _)| *built_in == name) {
        return Some("it is built in".to_owned());
    }
    let other = reader.files.profiles.iter().find(|own| own.name == name)?;
    Some(format!("{} has one of this name", other.place))
}

/// The vendor's key is not for a host that came with a storyboard.
fn foreign_key(reader: &mut Reader<'_>, entry: &Entry, profile: &Profile) {
    let Some(url) = &profile.base_url else { return };
    let mine = reader.place.kind == Kind::User;
    let vendor = REGIONS.iter().any(|(_, host)| host == url);
    let named = profile.key_env.as_deref();
    if mine || vendor || is_loopback(url) || named.is_some_and(|name| name != "MINIMAX_API_KEY") {
        return;
    }
    let wrong = Diagnostic::error(
        Code::MissingKey,
        entry.key.span,
        "a profile of a project with a `base_url` needs a `key_env` of its own",
    );
    reader.files.diagnostics.push(
        wrong
            .note("else the key of MINIMAX_API_KEY would go to whatever host came with the storyboard")
            .help("write `key_env: GATEWAY_API_KEY`, or put the profile into your own file"),
    );
}

/// Why a value cannot stand, and what could.
type Wrong = (String, String);

fn set(
    reader: &mut Reader<'_>,
    entry: &Entry,
    place: &mut Option<String>,
    parse: fn(&str) -> Result<String, Wrong>,
) {
    let key = &*entry.key.value;
    let parsed = match entry.value.text() {
        _ if place.is_some() => Err((
            "`region` and `base_url` both say where the service is".to_owned(),
            "leave one of them out".to_owned(),
        )),
        Some(text) => parse(text),
        None => Err((
            format!("`{key}` is a text, this is {}", entry.value.describe()),
            "write it in quotes".to_owned(),
        )),
    };
    match parsed {
        Ok(value) => *place = Some(value),
        Err((message, help)) => {
            let wrong = Diagnostic::error(Code::BadValue, entry.value.span, message);
            reader.files.diagnostics.push(wrong.help(help));
        }
    }
}

fn region(text: &str) -> Result<String, Wrong> {
    let known = REGIONS.iter().find(|(name, _)| *name == text);
    known.map(|(_, url)| (*url).to_owned()).ok_or_else(|| {
        let help = match suggest(text, REGIONS.map(|(name, _)| name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write `global` or `cn`".to_owned(),
        };
        (format!("no region is called `{text}`"), help)
    })
}

fn base_url(text: &str) -> Result<String, Wrong> {
    match bad_base_url(text) {
        Some(why) => Err((
            why.to_owned(),
            "write an address such as `https://gateway.example/minimaxi`".to_owned(),
        )),
        None => Ok(text.to_owned()),
    }
}

fn key_env(text: &str) -> Result<String, Wrong> {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !text.is_empty() && text.chars().all(name) && !text.starts_with(|c: char| c.is_ascii_digit())
    {
        return Ok(text.to_owned());
    }
    Err((
        "`key_env` is the name of a variable".to_owned(),
        "write for example `key_env: GATEWAY_API_KEY`".to_owned(),
    ))
}
