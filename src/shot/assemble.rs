//! One entry of the manifest to its shots.
//!
//! Owns what counts for each combination, and the ids. What many combinations
//! share is compiled once. Never renders more than ids (`render` does) and never
//! compares shots with each other.

use std::collections::HashMap;

use minijinja::value::{Serde, Value};

use crate::diag::{Code, Diagnostic, Sources, Span};
use crate::id::ShotId;
use crate::manifest::model::{SceneEntry, ShotEntry};
use crate::manifest::tree::{Kind, Node};
use crate::manifest::{Manifest, RequestField};
use crate::shot::Shot;
use crate::shot::camera::Vocabulary;
use crate::shot::findings::{Findings, Within};
use crate::shot::matrix::{self, Variant, as_written, slug};
use crate::shot::overrides::Overrides;
use crate::shot::pieces::{Layer, Layers};
use crate::shot::render;
use crate::shot::scope::{Local, Scope};
use crate::shot::template::{Compiled, Engine, Written};
use crate::shot::vars::Scopes;

/// What all shots are made with.
pub(super) struct Assembly<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) sources: &'a Sources,
    pub(super) engine: &'a Engine<'a>,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) request: &'a [RequestField],
    pub(super) scopes: Scopes,
}

/// A shot with where it comes from; `None` inside when it could not be made,
/// so that others may still refer to its name.
pub(super) struct Made {
    pub(super) id: ShotId,
    pub(super) span: Span,
    /// Number of its entry under `shots`.
    pub(super) entry: usize,
    /// Whether the entry stands for several shots.
    pub(super) shared: bool,
    pub(super) shot: Option<Shot>,
}

/// One combination on its way to a shot.
pub(super) struct Frame<'a> {
    pub(super) scope: Scope,
    pub(super) id: &'a ShotId,
    pub(super) shared: bool,
}

impl Frame<'_> {
    pub(super) fn within(&self) -> Within<'_> {
        Within {
            id: self.id.as_str(),
            shared: self.shared,
        }
    }
}

/// Something could not be made, and why was told.
pub(super) struct Told;

impl<'a> Assembly<'a> {
    /// Every shot of every entry, in order.
    pub(super) fn run(&self, findings: &mut Findings) -> Vec<Made> {
        let shared = self.shared(findings);
        let mut made = Vec::new();
        for (number, entry) in self.manifest.shots.iter().enumerate() {
            if entry.settings.broken.iter().any(|key| key == "foreach") {
                made.extend(unmade(number, entry));
                continue;
            }
            let mut diagnostics = Vec::new();
            let variants = matrix::variants(entry, self.sources, &mut diagnostics);
            for diagnostic in diagnostics {
                findings.push(diagnostic);
            }
            let scope = self.scope(entry);
            let largest = self.largest(scope, &variants);
            let place = Place {
                entry,
                number,
                several: variants.len() > 1,
                id: self.compile(Written::from(&entry.id), largest, findings),
                own: self.layer(&entry.settings, false, largest, findings),
                scope,
                scene: entry.scene.map(|scene| &self.manifest.scenes[scene]),
                file: shared.file.as_ref(),
            };
            for variant in variants {
                made.extend(self.make(&place, &shared, made.len() + 1, &variant, findings));
            }
        }
        shared.overrides.unused(&made, findings);
        made
    }

    /// What many shots share, compiled once.
    fn shared(&self, findings: &mut Findings) -> Shared<'a> {
        let largest = self.scopes.film.largest();
        let file = self.manifest.output.file.as_ref();
        Shared {
            defaults: self.layer(&self.manifest.defaults, true, largest, findings),
            file: file.map(|file| self.compile(Written::from(file), largest, findings)),
            scenes: (self.manifest.scenes.iter().zip(&self.scopes.scenes))
                .map(|(scene, scope)| self.layer(&scene.defaults, true, scope.largest(), findings))
                .collect(),
            looks: (self.manifest.looks.iter())
                .map(|look| {
                    let layer = self.look(&look.settings, findings);
                    (look.name.value.as_str(), layer)
                })
                .collect(),
            overrides: Overrides::new(self, findings),
        }
    }

    /// The variables that an entry sees.
    fn scope(&self, entry: &ShotEntry) -> &Scope {
        match entry.scene {
            Some(scene) => &self.scopes.scenes[scene],
            None => &self.scopes.film,
        }
    }

    /// Bytes of the longest text that templates of an entry can draw on.
    fn largest(&self, scope: &Scope, variants: &[Variant<'_>]) -> usize {
        let values = variants.iter().flat_map(Variant::nodes);
        let longest = values.map(|node| as_written(node, self.sources).len());
        scope.largest().max(longest.max().unwrap_or(0))
    }

    fn make(
        &self,
        place: &Place<'a, '_>,
        shared: &Shared<'a>,
        index: usize,
        variant: &Variant<'_>,
        findings: &mut Findings,
    ) -> Option<Made> {
        let nameless = self.local(place, index, variant);
        let scope = place.scope.with(nameless.clone());
        let id = self.id(place, variant, &scope, findings).ok()?;
        let shot = Value::from_pairs([
            ("index", Value::from(index)),
            ("id", Value::from(id.as_str())),
        ]);
        let frame = Frame {
            scope: place.scope.with(Local { shot, ..nameless }),
            id: &id,
            shared: place.several,
        };
        let written = |node: &Node| as_written(node, self.sources).to_owned();
        let matrix = variant.values.iter();
        let matrix = matrix.map(|(name, node)| ((*name).to_owned(), written(node)));
        let layers = shared.layers(place, &frame, findings);
        let shot = Some(self.shot(place, &layers, matrix.collect(), &frame, findings));
        Some(Made {
            span: place.entry.id.span,
            entry: place.number,
            shared: place.several,
            shot,
            id,
        })
    }

    /// What templates of a shot see before it has a name.
    fn local(&self, place: &Place<'_, '_>, index: usize, variant: &Variant<'_>) -> Local {
        let values = variant.values.iter();
        let row = variant.row.into_iter().flat_map(|row| &row.values);
        Local {
            matrix: Value::from_pairs(values.map(|(name, node)| (*name, to_value(node)))),
            row: Value::from_pairs(row.map(|(name, node)| (&**name, to_value(node)))),
            shot: Value::from_pairs([("index", index)]),
            scene: place.scene.map_or(Local::default().scene, scene_value),
            library: Some(self.engine.library().clone()),
        }
    }

    /// A template says the whole id; otherwise the values of the matrix follow it.
    fn id(
        &self,
        place: &Place<'_, '_>,
        variant: &Variant<'_>,
        scope: &Scope,
        findings: &mut Findings,
    ) -> Result<ShotId, Told> {
        let base = &place.entry.id;
        let text = match self.engine.render(&place.id, scope).ok_or(Told)? {
            Ok(text) => text,
            Err(diagnostics) => {
                let within = Within {
                    id: &base.value,
                    shared: false,
                };
                findings.all_within(within, diagnostics);
                return Err(Told);
            }
        };
        let mut text = text.into_owned();
        if matches!(place.id, Compiled::Plain(_)) {
            for value in variant.names() {
                text.push('-');
                text.push_str(&slug(as_written(value, self.sources)));
            }
        }
        ShotId::new(text.as_str()).map_err(|error| {
            let diagnostic = Diagnostic::error(Code::BadId, base.span, error.to_string());
            findings.push(if text == base.value {
                match slug(&text).as_str() {
                    "" => diagnostic,
                    plain => diagnostic.help(format!("write `id: {plain}`")),
                }
            } else {
                diagnostic.note(format!("the id comes out as `{}`", shortened(&text)))
            });
            Told
        })
    }
}

/// Where in the manifest a combination belongs, and what counts for it there.
pub(super) struct Place<'a, 'l> {
    pub(super) entry: &'a ShotEntry,
    number: usize,
    /// Whether the entry stands for several shots.
    several: bool,
    id: Compiled<'a>,
    own: Layer<'a>,
    scope: &'l Scope,
    pub(super) scene: Option<&'a SceneEntry>,
    pub(super) file: Option<&'l Compiled<'a>>,
}

/// What many shots share.
struct Shared<'a> {
    defaults: Layer<'a>,
    /// By scene.
    scenes: Vec<Layer<'a>>,
    looks: HashMap<&'a str, Layer<'a>>,
    overrides: Overrides<'a>,
    file: Option<Compiled<'a>>,
}

impl<'a> Shared<'a> {
    /// What counts for a shot, nearest first: overrides, its own settings, its
    /// look, its scene, the manifest.
    fn layers<'l>(
        &'l self,
        place: &'l Place<'a, '_>,
        frame: &Frame<'_>,
        findings: &mut Findings,
    ) -> Layers<'a, 'l> {
        let mut own = self.overrides.of(frame.id);
        own.push(&place.own);
        let scene = place.entry.scene.map(|scene| &self.scenes[scene]);
        let shared = scene.into_iter().chain([&self.defaults]);
        let mut asked = own.iter().copied().chain(shared.clone());
        let look = asked
            .find_map(Layer::look)
            .filter(|look| !look.value.is_empty());
        if let Some(name) = look {
            match self.looks.get(name.value.as_str()) {
                Some(look) => own.push(look),
                None => {
                    let known = self.looks.keys().copied();
                    let unknown = render::unknown_name("look", &name.value, name.span, known);
                    findings.within(frame.within(), unknown);
                }
            }
        }
        Layers(own.into_iter().chain(shared).collect())
    }
}

/// A shot whose rows could not be read, so that others may speak of it.
fn unmade(number: usize, entry: &ShotEntry) -> Option<Made> {
    Some(Made {
        id: ShotId::new(entry.id.value.as_str()).ok()?,
        span: entry.id.span,
        entry: number,
        shared: false,
        shot: None,
    })
}

fn scene_value(scene: &SceneEntry) -> Value {
    let id = Some(("id", scene.id.value.as_str()));
    let title = scene
        .title
        .as_ref()
        .map(|title| ("title", title.value.as_str()));
    Value::from_pairs(id.into_iter().chain(title))
}

fn to_value(node: &Node) -> Value {
    match &node.kind {
        Kind::Bool(value) => Value::from(*value),
        Kind::Number(number) => Value::from(Serde(number)),
        Kind::Text(text) => Value::from(text.clone()),
        Kind::Null | Kind::List(_) | Kind::Map(_) => Value::UNDEFINED,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
