//! What the documents refuse, in the manifest's own words.
//!
//! Owns the way from a [`Violation`] to the words that the author wrote, and
//! the advice. Never decides what is refused.

use serde_json::Value;

use crate::check::media::MediaField;
use crate::check::setting;
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::shot::{MediaInput, Prompt, Shot};
use crate::spec::{Mode, Spec, Violation, ViolationKind};

/// A refusal by the document, at the place where the author wrote the value.
pub(super) fn explain(
    shot: &Shot,
    mode: Mode,
    model: &str,
    violation: &Violation,
    spec: &Spec,
) -> Diagnostic {
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
    let remedy = remedy(shot, field, violation).or_else(|| seconds(mode, field, violation, spec));
    if let Some(help) = remedy {
        return diagnostic.help(help);
    }
    if let Some(default) = unwritten_default(shot, mode, model, field, spec) {
        diagnostic = diagnostic.note(default);
    }
    diagnostic
}

/// The lengths there are, for a length with a fraction and the like.
fn seconds(mode: Mode, field: &str, violation: &Violation, spec: &Spec) -> Option<String> {
    let wrong = field == "duration" && violation.kind == ViolationKind::WrongType;
    let known: Vec<String> = spec.durations(mode).iter().map(u32::to_string).collect();
    (wrong && !known.is_empty()).then(|| format!("write {}", known.join(" or ")))
}

/// What to write instead of a value that is nearly right.
fn remedy(shot: &Shot, field: &str, violation: &Violation) -> Option<String> {
    let value = match field {
        "prompt" => return None,
        _ => &setting(shot, field)?.value,
    };
    match (&violation.kind, value) {
        (ViolationKind::WrongType, Value::String(text)) => {
            let text = text.trim();
            let scalar = serde_json::from_str::<Value>(text).ok()?;
            let bare = scalar.is_number() || scalar.is_boolean();
            bare.then(|| format!("remove the quotes: `{field}: {text}`"))
        }
        (ViolationKind::WrongType, Value::Number(_) | Value::Bool(_)) => {
            let text = violation.message.contains("text is needed");
            text.then(|| format!("put it into quotes: `{field}: \"{value}\"`"))
        }
        (ViolationKind::Choice { allowed }, Value::String(text)) => {
            let names = allowed.iter().filter_map(Value::as_str);
            suggest(text, names).map(|near| format!("did you mean `{near}`?"))
        }
        _ => None,
    }
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
        return match suggest(model, known.iter().copied()).or_else(|| shortened(model, &known)) {
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

/// The model that people mean by a part of its name, such as `Hailuo 2.3`.
fn shortened<'a>(model: &str, known: &[&'a str]) -> Option<&'a str> {
    let bare = |name: &str| -> String {
        let kept = name.chars().filter(|c| c.is_alphanumeric());
        kept.flat_map(char::to_lowercase).collect()
    };
    let part = bare(model);
    let long = part.chars().count() > 3;
    let mut holding = known
        .iter()
        .filter(|name| long && bare(name).contains(&part));
    holding.next().copied()
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
