//! Shots × the bundled documents × local media → [`CheckedShot`].
//!
//! The only place that can build a [`CheckedShot`], and so the only way to a
//! provider. Owns no rule of the API: every limit is read from the documents.
//! Reads no file itself; pictures are described by a [`MediaLibrary`].

mod address;
mod expect;
mod film;
mod frames;
pub mod link;
mod lint;
pub mod media;
mod prompt;
mod refusal;
pub mod request;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::check::media::{CheckedMedia, MediaField, MediaLibrary};
use crate::check::request::CheckedRequest;
use crate::diag::{Code, Diagnostic, Label, Span};
use crate::event::Scene;
use crate::id::ShotId;
use crate::manifest::expect::Expectation;
use crate::shot::{MediaInput, MediaSource, Setting, Shot};
use crate::spec::{Mode, Spec, Unlisted, Violation, ViolationKind};

/// What checking needs besides the shots.
pub struct Context<'a> {
    /// The documents.
    pub spec: &'a Spec,
    /// Local pictures.
    pub media: &'a dyn MediaLibrary,
    /// Whether the backend takes models that no document knows.
    pub unlisted: Unlisted,
}

/// A shot whose request the documents allow, with media that exist.
#[derive(Debug, Clone)]
pub struct CheckedShot {
    /// Its name.
    pub id: ShotId,
    /// What will be sent.
    pub request: CheckedRequest,
    /// 1 for the first shot of the manifest with this very request, 2 for the
    /// second: equal requests are as many videos.
    pub occurrence: u32,
    /// The video's final name, relative to the output folder.
    pub file: String,
    /// The scene that it belongs to.
    pub scene: Option<Scene>,
    /// The author's words to find it by.
    pub tags: Vec<String>,
    /// What is expected of its video.
    pub expect: Arc<[Expectation]>,
    /// Where the author wrote it.
    pub span: Span,
}

/// Checks every shot and reports every mistake of all of them.
///
/// Shots with an error are left out of the first result. A mistake in a place
/// that many shots share, such as `defaults`, is reported once.
pub fn check(shots: &[Shot], context: &Context<'_>) -> (Vec<CheckedShot>, Vec<Diagnostic>) {
    let mut checked = Vec::with_capacity(shots.len());
    let mut findings = Findings::default();
    let mut occurrences: HashMap<String, u32> = HashMap::new();
    let ids: HashSet<&str> = shots.iter().map(|shot| shot.id.as_str()).collect();
    for shot in shots {
        let (request, mut diagnostics) = check_shot(shot, context);
        diagnostics.extend(expect::lint(shot, request.as_ref(), context.spec));
        let sound = shot.broken.is_empty() && !diagnostics.iter().any(Diagnostic::is_error);
        if !sound {
            meant_shots(shot, &ids, &mut diagnostics);
        }
        findings.add(&shot.id, diagnostics);
        if let (true, Some(request)) = (sound, request) {
            let seen = occurrences.entry(key(&request)).or_insert(0);
            *seen += 1;
            checked.push(CheckedShot {
                id: shot.id.clone(),
                occurrence: *seen,
                request,
                file: shot.file.clone(),
                scene: shot.scene.clone(),
                tags: shot.tags.clone(),
                expect: expect::fitting(shot),
                span: shot.span,
            });
        }
    }
    for (shot, diagnostic) in frames::beyond_the_end(shots, &checked) {
        findings.add(shot, vec![diagnostic]);
    }
    findings.of_film(film::lint(shots, &checked, context.spec));
    (checked, findings.into_diagnostics())
}

/// The same for equal requests, in whatever order their fields are written.
fn key(request: &CheckedRequest) -> String {
    let shown = request.shown();
    let sorted: BTreeMap<&String, &Value> = shown.iter().collect();
    serde_json::to_string(&sorted).expect("JSON can always be written as text")
}

/// Diagnostics by place and words, with the shots that share them.
#[derive(Default)]
struct Findings {
    order: Vec<(Diagnostic, Vec<ShotId>)>,
    seen: BTreeMap<(Code, Option<Span>, String), usize>,
}

impl Findings {
    fn add(&mut self, shot: &ShotId, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            let place = diagnostic.primary.as_ref().map(|label| label.span);
            // The shots of a matrix differ in their names alone.
            let words = diagnostic.message.replace(&format!("`{shot}`"), "");
            let key = (diagnostic.code, place, words);
            let at = *self.seen.entry(key).or_insert_with(|| {
                self.order.push((diagnostic, Vec::new()));
                self.order.len() - 1
            });
            self.order[at].1.push(shot.clone());
        }
    }

    /// What belongs to no single shot.
    fn of_film(&mut self, diagnostics: Vec<Diagnostic>) {
        let whole = diagnostics.into_iter().map(|told| (told, Vec::new()));
        self.order.extend(whole);
    }

    fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut order = self.order;
        order.sort_by_key(|(told, _)| told.primary.as_ref().map(|label| label.span));
        order
            .into_iter()
            .map(|(diagnostic, shots)| match shots.as_slice() {
                [] | [_] => diagnostic,
                [first, rest @ ..] => {
                    let note = format!("in shot `{first}` and {} more", rest.len());
                    diagnostic.note(note)
                }
            })
            .collect()
    }
}

/// `first_frame: opening` is a file to us, and a shot to its author.
fn meant_shots(shot: &Shot, ids: &HashSet<&str>, diagnostics: &mut [Diagnostic]) {
    for input in [&shot.first_frame, &shot.last_frame].into_iter().flatten() {
        let MediaSource::File { path } = &input.source else {
            continue;
        };
        // `opening`, or `last frame of opening`.
        let words = path.to_str().unwrap_or_default();
        let mut named = std::iter::once(words).chain(words.split_whitespace());
        let Some(id) = named.find(|word| ids.contains(word)) else {
            continue;
        };
        let here = |label: &Label| label.span == input.span;
        let own = diagnostics
            .iter_mut()
            .filter(|told| told.code == Code::Media && told.primary.as_ref().is_some_and(here));
        for told in own {
            told.help = Some(format!(
                "for a frame of the shot `{id}`, write `{{ shot: {id}, frame: last }}`"
            ));
        }
    }
}

fn check_shot(shot: &Shot, context: &Context<'_>) -> (Option<CheckedRequest>, Vec<Diagnostic>) {
    let mode = mode_of(shot);
    let written = shot;
    let shot = &fitting(shot, mode, context.spec);
    let mut diagnostics = Vec::new();
    let (media, stand_ins) = check_media(shot, mode, context, &mut diagnostics);
    let Some(model) = model_of(shot, mode, context.spec, &mut diagnostics) else {
        return (None, diagnostics);
    };
    let body = body(shot, mode, &model, context.spec);
    let mut whole = body.clone();
    whole.extend(stand_ins);
    if shot.is_broken("prompt") {
        whole.insert("prompt".to_owned(), Value::from("x"));
    }
    let violations = context
        .spec
        .validate_with(mode, &Value::Object(whole), context.unlisted);
    for violation in violations {
        if contradicts_itself(shot) && is_about_mode(&violation) {
            continue;
        }
        // What is broken was told; a rule between fields cannot be judged then.
        if violation.reason.is_some() && !shot.broken.is_empty() {
            continue;
        }
        diagnostics.push(refusal::explain(
            shot,
            mode,
            &model,
            &violation,
            context.spec,
        ));
    }
    lint::lint(shot, mode, &model, context, &mut diagnostics);
    diagnostics.extend(lint::frame_size(shot, &media));
    let request = CheckedRequest::new(shot.id.clone(), mode, model, body, media, context.spec);
    diagnostics.extend(lint::ignored_defaults(
        written,
        mode,
        &request,
        context.spec,
    ));
    (Some(request), diagnostics)
}

/// The mode follows from the fields that are present, as at the API.
fn mode_of(shot: &Shot) -> Mode {
    let has = |input: &Option<MediaInput>, key| input.is_some() || shot.is_broken(key);
    if has(&shot.subject, "subject") {
        Mode::SubjectReference
    } else if has(&shot.last_frame, "last_frame") {
        Mode::FirstLastFrame
    } else if has(&shot.first_frame, "first_frame") {
        Mode::ImageToVideo
    } else {
        Mode::TextToVideo
    }
}

/// Whether pictures exclude each other, so that the mode is anybody's guess.
fn contradicts_itself(shot: &Shot) -> bool {
    shot.subject.is_some() && (shot.first_frame.is_some() || shot.last_frame.is_some())
}

fn is_about_mode(violation: &Violation) -> bool {
    violation.kind == ViolationKind::NotAllowed || violation.field.as_deref() == Some("model")
}

/// The shot without the defaults that its mode has no field for: they are meant
/// for those that have it. What the shot itself says stays, and is judged.
fn fitting<'s>(shot: &'s Shot, mode: Mode, spec: &Spec) -> Cow<'s, Shot> {
    let fits = |setting: &Setting| !setting.inherited || spec.has_field(mode, &setting.field);
    if shot.settings.iter().all(fits) {
        return Cow::Borrowed(shot);
    }
    let mut shot = shot.clone();
    shot.settings.retain(fits);
    Cow::Owned(shot)
}

fn setting<'s>(shot: &'s Shot, field: &str) -> Option<&'s Setting> {
    shot.settings.iter().find(|setting| setting.field == field)
}

fn model_of(
    shot: &Shot,
    mode: Mode,
    spec: &Spec,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<String> {
    if shot.is_broken("model") {
        return None;
    }
    let Some(setting) = setting(shot, "model") else {
        let known = spec.models(mode).join("`, `");
        diagnostics.push(
            Diagnostic::error(
                Code::Request,
                shot.span,
                format!("shot `{}` names no model", shot.id),
            )
            .help(format!(
                "add `model:` to the shot or to `defaults`; {mode} takes `{known}`"
            )),
        );
        return None;
    };
    if let Some(model) = setting.value.as_str() {
        Some(model.to_owned())
    } else {
        diagnostics.push(Diagnostic::error(
            Code::WrongType,
            setting.span,
            "a model is named by a text",
        ));
        None
    }
}

/// The request without its media. What the author left out and the document
/// has a default for is written out, so that a default that changes at the
/// service cannot change a paid result (minimax-api.md 13, "Omit defaults").
fn body(shot: &Shot, mode: Mode, model: &str, spec: &Spec) -> Map<String, Value> {
    let mut body = Map::new();
    for setting in &shot.settings {
        body.insert(setting.field.clone(), setting.value.clone());
    }
    if let Some(prompt) = &shot.prompt {
        body.insert("prompt".to_owned(), Value::String(prompt.text.clone()));
    }
    for field in ["resolution", "duration"] {
        if !body.contains_key(field)
            && spec.has_field(mode, field)
            && let Some(value) = spec.default_for(mode, model, field)
        {
            body.insert(field.to_owned(), value);
        }
    }
    body
}

fn check_media(
    shot: &Shot,
    mode: Mode,
    context: &Context<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Vec<(MediaField, CheckedMedia)>, Map<String, Value>) {
    let inputs: [(MediaField, &Option<MediaInput>); 3] = [
        (MediaField::FirstFrame, &shot.first_frame),
        (MediaField::LastFrame, &shot.last_frame),
        (MediaField::Subject, &shot.subject),
    ];
    let mut media = Vec::new();
    let mut stand_ins = Map::new();
    for (field, input) in inputs {
        if shot.is_broken(field.manifest_key())
            && context.spec.has_field(mode, field.request_field())
        {
            field.place(&mut stand_ins, media::STAND_IN.to_owned());
        }
        let Some(input) = input else { continue };
        if !context.spec.has_field(mode, field.request_field()) {
            diagnostics.push(misplaced(field, mode, input.span));
            continue;
        }
        // The schema looks at the shape of an image only, so a stand-in serves.
        field.place(&mut stand_ins, media::STAND_IN.to_owned());
        match media::check(input, context) {
            Ok(checked) => media.push((field, checked)),
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    (media, stand_ins)
}

fn misplaced(field: MediaField, mode: Mode, span: Span) -> Diagnostic {
    let name = field.manifest_key();
    Diagnostic::error(
        Code::Request,
        span,
        format!("`{name}` cannot be combined with `subject`"),
    )
    .note(format!(
        "the fields of a shot choose its mode, and {mode} has no {name}"
    ))
    .help(format!("remove `{name}` or `subject`"))
}
