//! Variables to values.
//!
//! Owns precedence (flag, then vars file, then manifest), the rendering of
//! variables that use earlier ones, and which are used at all. Values given on
//! the command line are taken as they are: they are no templates.

use std::collections::HashSet;

use minijinja::value::{Serde, Value};
use serde_json::Value as Json;

use crate::diag::{Code, Diagnostic, Severity, Spanned, suggest};
use crate::manifest::Manifest;
use crate::manifest::model::{PictureSource, Settings, ShotEntry, Var};
use crate::manifest::tree::{Kind, Node};
use crate::shot::Overrides;
use crate::shot::findings::Findings;
use crate::shot::library::{CHARACTERS, FRAGMENTS};
use crate::shot::scope::{Scope, Vars};
use crate::shot::template::{Engine, Written};
use crate::shot::tokens::{Token, blocks, is_template};

/// Most variables of one manifest; tables go into one variable as a mapping.
const MAX_VARS: usize = 1_000;

/// What templates see of variables, by where they stand.
pub(super) struct Scopes {
    /// Outside of scenes.
    pub(super) film: Scope,
    /// In each scene.
    pub(super) scenes: Vec<Scope>,
}

/// Evaluates every variable, in order: those of the manifest, then those of scenes.
pub(super) fn evaluate(
    manifest: &Manifest,
    overrides: &Overrides,
    engine: &Engine<'_>,
    findings: &mut Findings,
) -> Scopes {
    let none = Vars::new(names(&manifest.vars));
    let film = Scope::new(filled(none, &manifest.vars, overrides, engine, findings));
    let scenes = manifest.scenes.iter().map(|scene| {
        if scene.vars.is_empty() {
            return film.clone();
        }
        let none = Vars::inside(film.vars(), names(&scene.vars));
        Scope::new(filled(none, &scene.vars, overrides, engine, findings))
    });
    let scenes = scenes.collect();
    for diagnostic in undeclared(manifest, overrides) {
        findings.push(diagnostic);
    }
    for diagnostic in unused(manifest) {
        findings.push(diagnostic);
    }
    Scopes { film, scenes }
}

fn names(vars: &[Var]) -> Vec<String> {
    let declared = vars.iter().take(MAX_VARS);
    declared.map(|var| var.name.value.clone()).collect()
}

fn filled(
    mut vars: Vars,
    list: &[Var],
    overrides: &Overrides,
    engine: &Engine<'_>,
    findings: &mut Findings,
) -> Vars {
    if let Some(beyond) = list.get(MAX_VARS) {
        let message = format!("a manifest has {MAX_VARS} variables at most");
        findings.push(Diagnostic::error(Code::TooLarge, beyond.name.span, message));
    }
    for var in list.iter().take(MAX_VARS) {
        let name = var.name.value.as_str();
        let value = match given(name, overrides) {
            Some(Given::Flag(value)) => {
                vars.largest = vars.largest.max(longest(value));
                Value::from(Serde(value))
            }
            Some(Given::File(node)) => evaluated(node, &mut vars, engine, findings),
            None => evaluated(&var.value, &mut vars, engine, findings),
        };
        vars.insert(name, value);
    }
    vars
}

/// Every variable, wherever it is declared.
fn declared(manifest: &Manifest) -> impl Iterator<Item = &Var> {
    let of_scenes = manifest.scenes.iter().flat_map(|scene| &scene.vars);
    manifest.vars.iter().chain(of_scenes)
}

enum Given<'o> {
    Flag(&'o Json),
    File(&'o Node),
}

/// The last word on a variable from outside the manifest.
fn given<'o>(name: &str, overrides: &'o Overrides) -> Option<Given<'o>> {
    let flag = overrides.vars.iter().rev().find(|(key, _)| key == name);
    let file = || {
        overrides
            .files
            .iter()
            .rev()
            .flatten()
            .find(|var| var.name.value == name)
    };
    match flag {
        Some((_, value)) => Some(Given::Flag(value)),
        None => file().map(|var| Given::File(&var.value)),
    }
}

fn longest(value: &Json) -> usize {
    match value {
        Json::String(text) => text.len(),
        Json::Array(items) => items.iter().map(longest).max().unwrap_or(0),
        Json::Object(entries) => entries.values().map(longest).max().unwrap_or(0),
        _ => 0,
    }
}

fn evaluated(node: &Node, vars: &mut Vars, engine: &Engine<'_>, findings: &mut Findings) -> Value {
    match &node.kind {
        Kind::Null => Value::from(()),
        Kind::Bool(value) => Value::from(*value),
        Kind::Number(number) => Value::from(Serde(number)),
        Kind::Text(text) => {
            let written = Written {
                text,
                span: node.span,
            };
            let text = rendered(written, vars, engine, findings);
            vars.largest = vars.largest.max(text.len());
            Value::from(text)
        }
        Kind::List(items) => {
            let items: Vec<Value> = items
                .iter()
                .map(|item| evaluated(item, vars, engine, findings))
                .collect();
            Value::from(items)
        }
        Kind::Map(entries) => Value::from_pairs(entries.iter().map(|entry| {
            let value = evaluated(&entry.value, vars, engine, findings);
            (entry.key.value.to_string(), value)
        })),
    }
}

fn rendered(
    written: Written<'_>,
    vars: &Vars,
    engine: &Engine<'_>,
    findings: &mut Findings,
) -> String {
    if !is_template(written.text) {
        return written.text.to_owned();
    }
    let scope = Scope::new(vars.clone());
    let outcome = match engine.compile(written, vars.largest) {
        Err(diagnostic) => Err(vec![*diagnostic]),
        Ok(compiled) => match engine.render(&compiled, &scope) {
            Some(rendered) => rendered.map(std::borrow::Cow::into_owned),
            None => Ok(String::new()),
        },
    };
    outcome.unwrap_or_else(|diagnostics| {
        for diagnostic in diagnostics {
            findings.push(diagnostic);
        }
        // Those who use the variable see its text, and go on to their own mistakes.
        written.text.to_owned()
    })
}

fn undeclared(manifest: &Manifest, overrides: &Overrides) -> Vec<Diagnostic> {
    let known: Vec<&str> = declared(manifest)
        .map(|var| var.name.value.as_str())
        .collect();
    let from_files = overrides
        .files
        .iter()
        .flatten()
        .map(|var| (&var.name.value, Some(var.name.span)));
    let from_flags = overrides.vars.iter().map(|(name, _)| (name, None));
    let unknown = from_files
        .chain(from_flags)
        .filter(|(name, _)| !known.contains(&name.as_str()));
    let explain = |(name, span): (&String, _)| {
        let message = format!("the manifest declares no variable `{name}`");
        let diagnostic = Diagnostic::new(Severity::Error, Code::UnknownVariable, span, message);
        match suggest(name, known.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("declare `{name}` under `vars`")),
        }
    };
    unknown.map(explain).collect()
}

fn unused(manifest: &Manifest) -> Vec<Diagnostic> {
    let vars = declared(manifest).map(|var| ("variable", &var.name));
    let fragments = manifest.fragments.iter().map(|one| ("fragment", &one.name));
    let characters = manifest.characters.iter();
    let characters = characters.map(|one| ("character", &one.name));
    let mut names = vars.chain(fragments).chain(characters).peekable();
    let is_broken = || manifest.shots.iter().any(|shot| is_broken(shot, manifest));
    // What could not be read may have used any of them.
    if names.peek().is_none() && manifest.looks.is_empty() || is_broken() {
        return Vec::new();
    }
    let mut used = Used::default();
    manifest_texts(manifest, &mut |text| used.read(text));
    let named = all_settings(manifest).flat_map(Settings::pictures);
    for picture in named {
        if let PictureSource::Character(name) = picture {
            used.all |= is_template(&name.value);
            used.names.insert(&name.value);
        }
    }
    let asked = all_settings(manifest).filter_map(|some| some.look.as_ref());
    let asked: HashSet<&str> = asked.map(|look| look.value.as_str()).collect();
    let looks = manifest.looks.iter().map(|one| ("look", &one.name));
    let looks = looks.filter(|(_, name)| !asked.contains(name.value.as_str()));
    let idle = |name: &&Spanned<String>| !used.all && !used.names.contains(name.value.as_str());
    let warn = |(what, name): (&str, &Spanned<String>)| {
        let message = format!("the {what} `{}` is used nowhere", name.value);
        let place = match what {
            "fragment" => format!("{{{{ fragments.{} }}}}", name.value),
            "character" => format!("{{{{ characters.{} }}}}", name.value),
            "look" => format!("look: {}", name.value),
            _ => format!("{{{{ {} }}}}", name.value),
        };
        Diagnostic::warning(Code::UnusedVariable, name.span, message)
            .help(format!("write `{place}` where it is meant, or delete it"))
    };
    let names = names.filter(|(_, name)| idle(name));
    names.chain(looks).map(warn).collect()
}

/// Names that occur in templates. A name is taken for a use wherever it
/// stands, so that no warning is ever wrong.
#[derive(Default)]
struct Used<'m> {
    names: HashSet<&'m str>,
    /// One of the kinds as a whole is used, and with it every name.
    all: bool,
}

impl<'m> Used<'m> {
    fn read(&mut self, text: &'m str) {
        if !is_template(text) {
            return;
        }
        for block in blocks(text) {
            for (at, token) in block.tokens.iter().enumerate() {
                match token {
                    Token::Word("vars" | FRAGMENTS | CHARACTERS) => {
                        let next = block.tokens.get(at + 1);
                        let named = match next {
                            Some(Token::Sign(".")) => true,
                            Some(Token::Sign("[")) => {
                                matches!(block.tokens.get(at + 2), Some(Token::Text(_)))
                            }
                            _ => false,
                        };
                        self.all |= !named;
                    }
                    Token::Word(name) | Token::Text(name) => {
                        self.names.insert(name);
                    }
                    Token::Number(_) | Token::Sign(_) => {}
                }
            }
        }
    }
}

/// Whether something that counts for a shot was told to be wrong.
fn is_broken(shot: &ShotEntry, manifest: &Manifest) -> bool {
    let scene = shot.scene.map(|scene| &manifest.scenes[scene].defaults);
    let mut shared = scene.into_iter().chain([&manifest.defaults]);
    let counts = |key: &String| !shot.settings.says(key);
    !shot.settings.broken.is_empty() || shared.any(|shared| shared.broken.iter().any(counts))
}

/// Everything that is said of videos, for one or for many.
fn all_settings(manifest: &Manifest) -> impl Iterator<Item = &Settings> {
    let scenes = manifest.scenes.iter().map(|scene| &scene.defaults);
    let shots = manifest.shots.iter().map(|shot| &shot.settings);
    let looks = manifest.looks.iter().map(|look| &look.settings);
    let overrides = manifest.overrides.iter().map(|one| &one.settings);
    std::iter::once(&manifest.defaults)
        .chain(scenes)
        .chain(shots)
        .chain(looks)
        .chain(overrides)
}

fn manifest_texts<'m>(manifest: &'m Manifest, see: &mut impl FnMut(&'m str)) {
    for var in declared(manifest) {
        node_texts(&var.value, see);
    }
    if let Some(file) = &manifest.output.file {
        see(&file.value);
    }
    for shot in &manifest.shots {
        see(&shot.id.value);
    }
    for fragment in &manifest.fragments {
        see(&fragment.text.value);
    }
    for text in manifest
        .characters
        .iter()
        .filter_map(|one| one.text.as_ref())
    {
        see(&text.value);
    }
    for settings in all_settings(manifest) {
        settings_texts(settings, see);
    }
}

fn settings_texts<'m>(settings: &'m Settings, see: &mut impl FnMut(&'m str)) {
    for field in &settings.fields {
        node_texts(&field.value, see);
    }
    let moves = settings.camera.iter().flatten();
    for command in moves.flat_map(|item| &item.commands) {
        see(&command.value);
    }
    for picture in settings.pictures() {
        match picture {
            PictureSource::Location(text) | PictureSource::Character(text) => see(&text.value),
            PictureSource::Frame { shot, frame, .. } => {
                see(&shot.value);
                if let Some(frame) = frame {
                    see(&frame.value);
                }
            }
        }
    }
}

fn node_texts<'m>(node: &'m Node, see: &mut impl FnMut(&'m str)) {
    if let Some(text) = node.text() {
        see(text);
    }
    node.items().iter().for_each(|item| node_texts(item, see));
    node.entries()
        .iter()
        .for_each(|entry| node_texts(&entry.value, see));
}
