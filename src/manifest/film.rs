//! The parts of a film, trees to model: names, scenes, shots.
//!
//! Owns the order of the film: what is written first comes first, and what is
//! included stands where `include` does. Judges only what no schema can: names
//! that are given twice.

use std::collections::HashMap;
use std::path::Path;

use crate::diag::{Code, Diagnostic, Span, Spanned};
use crate::manifest::lower::{self, key, vars};
use crate::manifest::lower_shot::{self, filled, words};
use crate::manifest::model::{
    Character, Foreach, Fragment, Look, Manifest, Override, SceneEntry, Settings,
};
use crate::manifest::reading::{Part, Reading};
use crate::manifest::schema::RequestField;
use crate::manifest::tree::{Entry, Node};

/// Most scenes of one manifest; each may have variables of its own.
const MAX_SCENES: usize = 1_000;

/// Most names of one kind; tables go into files of their own.
const MAX_NAMES: usize = 10_000;

/// Adds what a manifest and its included files are made of.
pub(super) fn lower(
    part: &Part,
    request: &[RequestField],
    manifest: &mut Manifest,
    reading: &mut Reading<'_>,
) {
    let mut film = Film {
        request,
        manifest,
        reading,
        known: HashMap::new(),
    };
    film.part(part);
    let silent = film.reading.diagnostics.is_empty();
    if silent && film.manifest.shots.is_empty() {
        let message = "this film has no shots";
        let nothing = Diagnostic::error(Code::MissingKey, part.root.head(), message);
        let nothing = nothing.help("write some under `shots`, here or in an included file");
        film.reading.diagnostics.push(nothing);
    }
}

/// A film while its parts are put together.
struct Film<'a, 'r> {
    request: &'a [RequestField],
    manifest: &'a mut Manifest,
    reading: &'a mut Reading<'r>,
    /// Where each name of each kind was given first.
    known: HashMap<(&'static str, String), Span>,
}

impl Film<'_, '_> {
    fn part(&mut self, part: &Part) {
        for entry in part.root.entries() {
            let node = &entry.value;
            match &*entry.key.value {
                "include" => part.parts.iter().for_each(|part| self.part(part)),
                "vars" => self.vars(node),
                "fragments" => self.each("fragment", node, Self::fragment),
                "characters" => self.each("character", node, Self::character),
                "looks" => self.each("look", node, Self::look),
                "overrides" => self.overrides(node),
                "shots" => self.shots(node, None, &part.folder),
                "scenes" => {
                    for node in node.items() {
                        self.scene(node, &part.folder);
                    }
                }
                _ => {}
            }
        }
    }

    fn vars(&mut self, node: &Node) {
        let vars = vars(node, &mut self.reading.diagnostics);
        for var in vars {
            if self.is_new("variable", &var.name) {
                self.manifest.vars.push(var);
            }
        }
    }

    /// Names that are given in one file twice were told when it was read.
    fn is_new(&mut self, kind: &'static str, name: &Spanned<String>) -> bool {
        let known = self.known.insert((kind, name.value.clone()), name.span);
        let Some(first) = known else {
            return true;
        };
        let message = format!("the {kind} `{}` is given twice", name.value);
        self.reading.diagnostics.push(
            Diagnostic::error(Code::DuplicateKey, name.span, message)
                .label("given again here")
                .also(first, "first given here"),
        );
        false
    }

    fn each(
        &mut self,
        kind: &'static str,
        node: &Node,
        take: fn(&mut Self, Spanned<String>, &Entry),
    ) {
        if let Some(beyond) = node.entries().get(MAX_NAMES) {
            let message = format!("a file gives {MAX_NAMES} names of a kind at most");
            let too_many = Diagnostic::error(Code::TooLarge, beyond.key.span, message);
            self.reading.diagnostics.push(too_many);
        }
        for entry in node.entries().iter().take(MAX_NAMES) {
            let mut name = key(entry);
            if let Some(bracket) = name.value.find('(') {
                name.value.truncate(bracket);
            }
            if self.is_new(kind, &name) {
                take(self, name, entry);
            }
        }
    }

    /// `lit(by, tint)` has two names to be given where it is used.
    fn fragment(&mut self, name: Spanned<String>, entry: &Entry) {
        let (_, behind) = entry.key.value.split_once('(').unwrap_or_default();
        let params = behind.trim_end_matches(')').split(',').map(str::trim);
        let params = params.filter(|param| !param.is_empty());
        let params: Vec<String> = params.map(str::to_owned).collect();
        if let Some(text) = entry.value.spanned_text() {
            self.manifest
                .fragments
                .push(Fragment { name, params, text });
        }
    }

    fn character(&mut self, name: Spanned<String>, entry: &Entry) {
        let subject = filled(&entry.value, "subject");
        if let Some(subject) = &subject
            && subject.value.contains("{{")
        {
            let message = "the picture of a character takes no templates";
            let template = Diagnostic::error(Code::BadValue, subject.span, message);
            self.reading.diagnostics.push(template);
        }
        self.manifest.characters.push(Character {
            name,
            text: filled(&entry.value, "text"),
            subject,
        });
    }

    fn look(&mut self, name: Spanned<String>, entry: &Entry) {
        let settings = self.shared(&entry.value);
        self.manifest.looks.push(Look { name, settings });
    }

    /// Settings for many shots; nothing stands behind them that null could take away.
    fn shared(&self, node: &Node) -> Settings {
        let mut settings = lower_shot::settings(node, self.request);
        settings.broken.append(&mut settings.unset);
        settings
    }

    fn overrides(&mut self, node: &Node) {
        for entry in node.entries() {
            let settings = lower_shot::settings(&entry.value, self.request);
            let target = key(entry);
            self.manifest.overrides.push(Override { target, settings });
        }
    }

    fn shots(&mut self, list: &Node, scene: Option<usize>, folder: &Path) {
        for node in list.items() {
            let Some(mut shot) = lower_shot::shot(node, self.request, scene) else {
                continue;
            };
            if let Some(rows) = node.get("foreach") {
                shot.foreach = self.reading.rows(rows, folder).map(|list| Foreach {
                    span: rows.span,
                    rows: list,
                });
                if shot.foreach.is_none() {
                    shot.settings.broken.push("foreach".to_owned());
                }
            }
            self.manifest.shots.push(shot);
        }
    }

    /// A scene that cannot be spoken of still lends its shots to the film.
    fn scene(&mut self, node: &Node, folder: &Path) {
        let mut place = None;
        if let Some(id) = filled(node, "id") {
            if self.manifest.scenes.len() == MAX_SCENES {
                let message = format!("a manifest has {MAX_SCENES} scenes at most");
                let too_many = Diagnostic::error(Code::TooLarge, id.span, message);
                self.reading.diagnostics.push(too_many);
                return;
            }
            self.once(&id);
            let title = title(node, &mut self.reading.diagnostics);
            let vars = node
                .get("vars")
                .map_or_else(Vec::new, |node| vars(node, &mut self.reading.diagnostics));
            let mut defaults = lower::defaults(node, self.request);
            defaults
                .tags
                .extend(node.get("tags").map_or_else(Vec::new, words));
            place = Some(self.manifest.scenes.len());
            self.manifest.scenes.push(SceneEntry {
                id,
                title,
                vars,
                defaults,
            });
        }
        if let Some(list) = node.get("shots") {
            self.shots(list, place, folder);
        }
    }

    /// Scenes whose names differ only in case would be one in nobody's mind.
    fn once(&mut self, id: &Spanned<String>) {
        let key = ("scene", id.value.to_lowercase());
        if let Some(first) = self.known.insert(key, id.span) {
            let message = format!("two scenes are called `{}`", id.value);
            self.reading.diagnostics.push(
                Diagnostic::error(Code::DuplicateId, id.span, message)
                    .label("called so again here")
                    .also(first, "first called so here"),
            );
        }
    }
}

/// A title is for cards and lists as it stands.
fn title(scene: &Node, diagnostics: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let title = filled(scene, "title")?;
    if title.value.contains("{{") || title.value.contains("{%") {
        let message = "the `title` of a scene takes no templates";
        diagnostics.push(Diagnostic::error(Code::BadValue, title.span, message));
    }
    Some(title)
}
