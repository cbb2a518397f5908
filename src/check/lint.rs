//! What the API would take and an author would regret.
//!
//! Owns warnings about one shot, and the few errors that no schema can put: what
//! is said of prompts by the API's codes and not by its documents. `prompt` and
//! `address` look at words and addresses, `film` at all shots together.

use crate::check::media::{CheckedMedia, MediaField};
use crate::check::request::CheckedRequest;
use crate::check::{Context, address, film, prompt, setting};
use crate::diag::{Code, Diagnostic};
use crate::shot::{MediaSource, Shot};
use crate::spec::{Mode, Spec, Unlisted};

pub(super) fn lint(
    shot: &Shot,
    mode: Mode,
    model: &str,
    context: &Context<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let spec = context.spec;
    camera_without_support(shot, mode, model, spec, diagnostics);
    retired_model(shot, model, spec, diagnostics);
    if context.unlisted == Unlisted::Allow {
        unlisted_model(shot, model, spec, diagnostics);
    }
    missing_prompt(shot, mode, diagnostics);
    if let Some(prompt) = &shot.prompt {
        diagnostics.extend(prompt::lint(prompt, mode, spec));
    }
    diagnostics.extend(addresses(shot));
}

fn camera_without_support(
    shot: &Shot,
    mode: Mode,
    model: &str,
    spec: &Spec,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let used = shot
        .prompt
        .as_ref()
        .and_then(|prompt| prompt.camera.first());
    let Some(used) = used else { return };
    if spec.camera_supported(mode, model) || spec.modes_of(model).is_empty() {
        return;
    }
    let able: Vec<&str> = spec
        .models(mode)
        .iter()
        .map(String::as_str)
        .filter(|model| spec.camera_supported(mode, model))
        .collect();
    let diagnostic = Diagnostic::warning(
        Code::CameraUnsupported,
        used.span,
        format!("`{model}` does not follow camera commands in {mode}"),
    )
    .note("the text is sent as it is, and the model may show it or ignore it");
    diagnostics.push(if able.is_empty() {
        diagnostic.help("describe the move in words instead")
    } else {
        diagnostic.help(format!("models that follow them: {}", able.join(", ")))
    });
}

fn retired_model(shot: &Shot, model: &str, spec: &Spec, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(setting) = setting(shot, "model")
        && spec.retired(model)
    {
        diagnostics.push(
            Diagnostic::warning(
                Code::RetiredModel,
                setting.span,
                format!("`{model}` is gone from the vendor's current model list"),
            )
            .note("it is still in the API's documents; the service may refuse it, and its price is not published"),
        );
    }
}

fn unlisted_model(shot: &Shot, model: &str, spec: &Spec, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(setting) = setting(shot, "model")
        && spec.modes_of(model).is_empty()
    {
        diagnostics.push(
            Diagnostic::warning(
                Code::UnknownModel,
                setting.span,
                format!("no document knows the model `{model}`; the backend allows it"),
            )
            .note("its limits cannot be checked, and its price is unknown"),
        );
    }
}

fn missing_prompt(shot: &Shot, mode: Mode, diagnostics: &mut Vec<Diagnostic>) {
    let written = shot.prompt.as_ref();
    let empty = written.is_none_or(|prompt| prompt.text.trim().is_empty());
    if !empty || shot.is_broken("prompt") {
        return;
    }
    let span = written.map_or(shot.span, |prompt| prompt.span);
    if mode != Mode::TextToVideo {
        diagnostics.push(
            Diagnostic::warning(
                Code::MissingPrompt,
                span,
                format!("shot `{}` has no prompt", shot.id),
            )
            .note(format!(
                "{mode} takes that, and the model decides what happens"
            )),
        );
    } else if written.is_some() {
        let diagnostic = Diagnostic::error(Code::Request, span, "the prompt is empty");
        diagnostics.push(diagnostic.help(format!("say what to film; {} needs it", mode.phrase())));
    }
}

fn addresses(shot: &Shot) -> Vec<Diagnostic> {
    let inputs = [&shot.first_frame, &shot.last_frame, &shot.subject];
    let lint = |input: &crate::shot::MediaInput| match &input.source {
        MediaSource::Url(url) => address::lint(url, input.span),
        MediaSource::File { .. } | MediaSource::Frame { .. } => None,
    };
    inputs.into_iter().flatten().filter_map(lint).collect()
}

/// What comes out otherwise than `defaults` says, as the mode has no such field.
pub(super) fn ignored_defaults(
    shot: &Shot,
    mode: Mode,
    request: &CheckedRequest,
    spec: &Spec,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for setting in shot.settings.iter().filter(|setting| setting.inherited) {
        if spec.has_field(mode, &setting.field) {
            continue;
        }
        let (wanted, comes_out) = match setting.field.as_str() {
            "resolution" => (
                setting.value.as_str().map(str::to_owned),
                request.resolution().to_owned(),
            ),
            "duration" => (
                setting.value.as_u64().map(|seconds| format!("{seconds} s")),
                format!("{} s", request.seconds()),
            ),
            _ => continue,
        };
        let Some(wanted) = wanted.filter(|wanted| *wanted != comes_out) else {
            continue;
        };
        let message = format!("`{}` will be {comes_out}, not {wanted}", shot.id);
        found.push(
            Diagnostic::warning(Code::IgnoredSetting, setting.span, message)
                .also(shot.span, format!("this shot is {mode}"))
                .note(format!(
                    "{} has no `{}` to set",
                    mode.phrase(),
                    setting.field
                )),
        );
    }
    found
}

/// The service crops the last frame to the shape of the first (minimax-api.md 2.2).
pub(super) fn frame_size(shot: &Shot, media: &[(MediaField, CheckedMedia)]) -> Option<Diagnostic> {
    let facts = |wanted: MediaField| {
        let found = media.iter().find(|(field, _)| *field == wanted);
        match found {
            Some((_, CheckedMedia::File(facts))) => Some(facts),
            _ => None,
        }
    };
    let (first, last) = (
        facts(MediaField::FirstFrame)?,
        facts(MediaField::LastFrame)?,
    );
    let shape = |width: u32, height: u32| (u64::from(width), u64::from(height));
    let (one, other) = (
        shape(first.width, first.height),
        shape(last.width, last.height),
    );
    if film::alike(one, other, 50) {
        return None;
    }
    let (place, from) = (
        shot.last_frame.as_ref()?.span,
        shot.first_frame.as_ref()?.span,
    );
    Some(
        Diagnostic::warning(
            Code::FrameSize,
            place,
            "the last frame would be cropped to the shape of the first",
        )
        .label(format!("{}x{}", last.width, last.height))
        .also(from, format!("{}x{}", first.width, first.height))
        .help("give both pictures the same width and height"),
    )
}
