//! [`Manifest`] to concrete shots: defaults, matrices, templates, camera
//! commands, references.
//!
//! Owns everything between what the author wrote and what will be asked for.
//! Never looks at a file, a clock or the network, and never judges the values
//! of request fields: that is `check`. Expansion goes on past mistakes; a shot
//! that cannot be made is left out of the result and its reason is told.
//!
//! In reading order: `vars` evaluates variables, `matrix` multiplies, `overrides` says who differs,
//! `assemble` (with `pieces` and `render`) makes one shot of one combination with the help of `template`
//! (`functions`, `library`, `scope`, `growth`, `tokens`, `explain`, `failures`), `prompt` and
//! `camera` (with `synonyms`); then `references`, `chain` and
//! `output` look at all shots together.

mod assemble;
mod camera;
mod chain;
mod explain;
mod failures;
mod findings;
mod functions;
mod growth;
mod library;
mod matrix;
mod output;
mod overrides;
mod pieces;
mod prompt;
mod references;
mod render;
mod scope;
mod synonyms;
mod template;
mod tokens;
mod vars;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use chain::find_cycles;
pub use matrix::MAX_SHOTS;
pub use references::dependencies;

use crate::diag::{Code, Diagnostic, Sources, Span};
use crate::event::Scene;
use crate::id::ShotId;
use crate::manifest::expect::Expectation;
use crate::manifest::model::Var;
use crate::manifest::{Manifest, request_fields};
use crate::shot::assemble::{Assembly, Made};
use crate::shot::camera::Vocabulary;
use crate::shot::findings::Findings;
use crate::shot::template::Engine;
use crate::spec::Spec;

/// Values for variables from outside the manifest.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// From `--var name=value`: the last one of a name counts, before any file.
    pub vars: Vec<(String, serde_json::Value)>,
    /// From `--vars-file`, each as `manifest::parse_vars` read it; the last file counts.
    pub files: Vec<Vec<Var>>,
}

/// One concrete shot, complete but unchecked.
#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    /// Its unique name.
    pub id: ShotId,
    /// Where the id was written.
    pub span: Span,
    /// Request fields by their document name, in the order of the documents,
    /// defaults merged in; without the prompt.
    pub settings: Vec<Setting>,
    /// What the video shows.
    pub prompt: Option<Prompt>,
    /// The picture to start from.
    pub first_frame: Option<MediaInput>,
    /// The picture to end on.
    pub last_frame: Option<MediaInput>,
    /// The face to keep.
    pub subject: Option<MediaInput>,
    /// The video's name in the output folder, with forward slashes.
    pub file: String,
    /// The scene that it was written in.
    pub scene: Option<Scene>,
    /// The author's words to find it by.
    pub tags: Vec<String>,
    /// Manifest keys whose values were told to be wrong. `check` judges all else,
    /// and never lets such a shot through.
    pub broken: Vec<String>,
    /// What is expected of its video, each key once, in the order of [`Key`].
    ///
    /// [`Key`]: crate::manifest::expect::Key
    pub expect: Arc<[Expectation]>,
    /// The combination it was made for, by axis, as written.
    pub matrix: Vec<(String, String)>,
}

impl Shot {
    /// The value of a request field and its place.
    pub fn setting(&self, field: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.field == field)
    }

    /// Whether the value of a manifest key was told to be wrong.
    pub fn is_broken(&self, key: &str) -> bool {
        self.broken.iter().any(|broken| broken == key)
    }
}

/// A request field with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its name in the documents.
    pub field: String,
    /// Its value; a template's text is read as the type that the field has.
    pub value: serde_json::Value,
    /// Where the value was written, in the shot or where shots share it.
    pub span: Span,
    /// Whether it was written for many shots, as in `defaults`.
    pub inherited: bool,
}

/// What the video shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// The final text, camera commands in brackets and in the listed spelling.
    pub text: String,
    /// Where it was written.
    pub span: Span,
    /// The camera commands in it, in order.
    pub camera: Vec<CameraUse>,
}

/// Camera commands that act at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraUse {
    /// Their ids in the documents, such as `push_in`.
    pub commands: Vec<String>,
    /// Where they were written, as exactly as can be told.
    pub span: Span,
}

/// A picture and the place that names it.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaInput {
    /// Where the picture comes from.
    pub source: MediaSource,
    /// Where that was written.
    pub span: Span,
}

/// Where a picture comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// A file.
    File {
        /// Relative to the manifest's folder, wherever it was written.
        path: PathBuf,
    },
    /// An http or https address, or a data URL.
    Url(String),
    /// A frame of another shot's video, which has to be there first.
    Frame {
        /// The other shot.
        shot: ShotId,
        /// Which frame.
        at: FrameAt,
    },
}

/// A place in a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameAt {
    /// The first frame.
    First,
    /// The one halfway.
    Middle,
    /// The last frame.
    Last,
    /// The one that is shown at this time.
    Time(Duration),
}

impl fmt::Display for FrameAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("first"),
            Self::Middle => f.write_str("middle"),
            Self::Last => f.write_str("last"),
            Self::Time(time) => write!(f, "{}ms", time.as_millis()),
        }
    }
}

/// Makes every shot that can be made.
pub fn expand(
    manifest: &Manifest,
    sources: &Sources,
    overrides: &Overrides,
    spec: &Spec,
) -> (Vec<Shot>, Vec<Diagnostic>) {
    let mut findings = Findings::default();
    let vocabulary = Arc::new(Vocabulary::new(spec));
    let engine = Engine::new(manifest, sources, vocabulary.clone(), &mut findings);
    let scopes = vars::evaluate(manifest, overrides, &engine, &mut findings);
    if let Err(too_many) = matrix::check_size(&manifest.shots) {
        findings.push(*too_many);
        return (Vec::new(), findings.finish());
    }
    let request = request_fields(spec);
    let assembly = Assembly {
        manifest,
        sources,
        engine: &engine,
        vocabulary: &vocabulary,
        request: &request,
        scopes,
    };
    let mut made = assembly.run(&mut findings);
    refuse_duplicates(&mut made, &mut findings);
    references::check(&made, manifest, &mut findings);
    output::check(&mut made, manifest, &mut findings);
    let shots: Vec<Shot> = made.into_iter().filter_map(|made| made.shot).collect();
    for cycle in find_cycles(&shots) {
        findings.push(cycle);
    }
    for deep in chain::deep_chains(&shots, &manifest.limits) {
        findings.push(deep);
    }
    (shots, findings.finish())
}

/// Keeps the first shot of every name. Names that differ only in case would be
/// one file on some systems, and one entry in nobody's mind.
fn refuse_duplicates(made: &mut Vec<Made>, findings: &mut Findings) {
    let mut first: HashMap<String, (ShotId, Span)> = HashMap::new();
    made.retain(|made| {
        let known = first.get(&made.id.as_str().to_lowercase());
        let Some((id, span)) = known else {
            first.insert(
                made.id.as_str().to_lowercase(),
                (made.id.clone(), made.span),
            );
            return true;
        };
        let message = match (*id == made.id, *span == made.span) {
            (true, false) => format!("two shots are called `{id}`"),
            (true, true) => format!("two combinations of this shot are called `{id}`"),
            (false, _) => format!("`{id}` and `{}` differ only in case", made.id),
        };
        let diagnostic = Diagnostic::error(Code::DuplicateId, made.span, message);
        findings.push(if *span == made.span {
            diagnostic
        } else {
            diagnostic
                .label("called so again here")
                .also(*span, "first called so here")
        });
        false
    });
}

#[cfg(test)]
mod tests;
