//! Shots × the bundled documents × local media → [`CheckedShot`].
//!
//! The only place that can build a [`CheckedShot`], and so the only way to a
//! provider. Owns no rule of the API: every limit is read from the documents.
//! Reads no file itself; pictures are described by a [`MediaLibrary`].

mod lint;
pub mod media;
pub mod request;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::check::media::{CheckedMedia, MediaField, MediaLibrary};
use crate::check::request::CheckedRequest;
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::id::ShotId;
use crate::shot::{MediaInput, Prompt, Setting, Shot};
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
    /// The video's final name, relative to the output folder.
    pub file: String,
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
    for shot in shots {
        let (request, diagnostics) = check_shot(shot, context);
        let sound = !diagnostics.iter().any(Diagnostic::is_error);
        findings.add(&shot.id, diagnostics);
        if let (true, Some(request)) = (sound, request) {
            checked.push(CheckedShot {
                id: shot.id.clone(),
                request,
                file: shot.file.clone(),
                span: shot.span,
            });
        }
    }
    (checked, findings.into_diagnostics())
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
            let key = (diagnostic.code, place, diagnostic.message.clone());
            let at = *self.seen.entry(key).or_insert_with(|| {
                self.order.push((diagnostic, Vec::new()));
                self.order.len() - 1
            });
            self.order[at].1.push(shot.clone());
        }
    }

    fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.order
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

fn check_shot(shot: &Shot, context: &Context<'_>) -> (Option<CheckedRequest>, Vec<Diagnostic>) {
    let mode = mode_of(shot);
    let mut diagnostics = Vec::new();
    let (media, stand_ins) = check_media(shot, mode, context, &mut diagnostics);
    let Some(model) = model_of(shot, mode, context.spec, &mut diagnostics) else {
        return (None, diagnostics);
    };
    let body = body(shot, mode, &model, context.spec);
    let mut whole = body.clone();
    whole.extend(stand_ins);
    let violations = context
        .spec
        .validate_with(mode, &Value::Object(whole), context.unlisted);
    for violation in violations {
        diagnostics.push(explain(shot, mode, &model, &violation, context.spec));
    }
    lint::lint(shot, mode, &model, context, &mut diagnostics);
    let request = CheckedRequest::new(shot.id.clone(), mode, model, body, media, context.spec);
    (Some(request), diagnostics)
}

/// The mode follows from the fields that are present, as at the API.
fn mode_of(shot: &Shot) -> Mode {
    if shot.subject.is_some() {
        Mode::SubjectReference
    } else if shot.last_frame.is_some() {
        Mode::FirstLastFrame
    } else if shot.first_frame.is_some() {
        Mode::ImageToVideo
    } else {
        Mode::TextToVideo
    }
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

/// A refusal by the document, at the place where the author wrote the value.
fn explain(shot: &Shot, mode: Mode, model: &str, violation: &Violation, spec: &Spec) -> Diagnostic {
    let field = violation.field.as_deref().unwrap_or_default();
    if field == "model" && matches!(violation.kind, ViolationKind::Choice { .. }) {
        return unknown_model(shot, mode, model, spec);
    }
    if violation.kind == ViolationKind::Missing {
        return missing(shot, mode, field);
    }
    let written = place_of(shot, field);
    let span = written.unwrap_or(shot.span);
    let mut diagnostic = Diagnostic::error(
        Code::Request,
        span,
        match written {
            Some(_) => violation.message.clone(),
            None => format!("shot `{}`: {}", shot.id, violation.message),
        },
    );
    if let Some(reason) = &violation.reason {
        diagnostic = beside(shot, field, diagnostic).note(reason.clone());
    }
    if matches!(
        violation.kind,
        ViolationKind::NotAllowed | ViolationKind::UnknownField
    ) {
        return diagnostic
            .note(format!("the shot is {mode} with `{model}`"))
            .help(format!("remove `{field}`"));
    }
    if let Some(default) = unwritten_default(shot, mode, model, field, spec) {
        diagnostic = diagnostic.note(default);
    }
    diagnostic
}

/// A request field that the mode needs, said with the manifest's own key.
fn missing(shot: &Shot, mode: Mode, field: &str) -> Diagnostic {
    let pictures = [
        MediaField::FirstFrame,
        MediaField::LastFrame,
        MediaField::Subject,
    ];
    let picture = pictures
        .into_iter()
        .find(|picture| picture.request_field() == field);
    let key = picture.map_or(field, |picture| picture.manifest_key());
    let message = format!("shot `{}` has no `{key}`", shot.id);
    Diagnostic::error(Code::Request, shot.span, message)
        .label(format!("this shot is {mode}: {}", because(mode)))
        .help(format!("add `{key}:`; {} needs it", mode.phrase()))
}

/// A rule between fields is broken by all of them: the other one may stand far
/// away, in `defaults`.
fn beside(shot: &Shot, field: &str, diagnostic: Diagnostic) -> Diagnostic {
    ["resolution", "duration"]
        .into_iter()
        .filter(|other| *other != field)
        .filter_map(|other| setting(shot, other))
        .fold(diagnostic, |diagnostic, other| {
            let words = format!("`{}` is set here", other.field);
            diagnostic.also(other.span, words)
        })
}

/// Where a request field was written; a missing one has no place.
fn place_of(shot: &Shot, field: &str) -> Option<Span> {
    let input = |input: &Option<MediaInput>| input.as_ref().map(|input| input.span);
    match field {
        "prompt" => shot.prompt.as_ref().map(|Prompt { span, .. }| *span),
        "first_frame_image" => input(&shot.first_frame),
        "last_frame_image" => input(&shot.last_frame),
        "subject_reference" => input(&shot.subject),
        _ => setting(shot, field).map(|setting| setting.span),
    }
}

fn unwritten_default(
    shot: &Shot,
    mode: Mode,
    model: &str,
    field: &str,
    spec: &Spec,
) -> Option<String> {
    if setting(shot, field).is_some() {
        return None;
    }
    let default = spec.default_for(mode, model, field)?;
    Some(format!(
        "`{field}` is not written; its default is {default}"
    ))
}

fn unknown_model(shot: &Shot, mode: Mode, model: &str, spec: &Spec) -> Diagnostic {
    let span = setting(shot, "model").map_or(shot.span, |setting| setting.span);
    let able = spec.modes_of(model);
    if able.is_empty() {
        let known = spec.all_models();
        let diagnostic = Diagnostic::error(
            Code::UnknownModel,
            span,
            format!("no document knows the model `{model}`"),
        );
        return match suggest(model, known.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic
                .note(format!("known models: {}", known.join(", ")))
                .help("for a gateway with models of its own, set `allow_unlisted: true` on its backend"),
        };
    }
    let needs: Vec<&str> = able.iter().map(|&mode| needs(mode)).collect();
    Diagnostic::error(
        Code::Request,
        span,
        format!("`{model}` does not make {} clips", mode.phrase()),
    )
    .label(format!("this shot is {mode}: {}", because(mode)))
    .note(format!("`{model}` needs {}", needs.join(", or ")))
    .help(format!(
        "models for {mode}: {}",
        spec.models(mode).join(", ")
    ))
}

/// What makes a shot one of this mode.
fn needs(mode: Mode) -> &'static str {
    match mode {
        Mode::TextToVideo => "a prompt and no picture",
        Mode::ImageToVideo => "a `first_frame`",
        Mode::FirstLastFrame => "a `first_frame` and a `last_frame`",
        Mode::SubjectReference => "a `subject`",
    }
}

/// Why a shot is one of this mode.
fn because(mode: Mode) -> &'static str {
    match mode {
        Mode::TextToVideo => "it names no picture",
        Mode::ImageToVideo => "it has a `first_frame`",
        Mode::FirstLastFrame => "it has a `last_frame`",
        Mode::SubjectReference => "it has a `subject`",
    }
}
