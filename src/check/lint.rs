//! What the API would take and an author would regret.
//!
//! Owns warnings only: nothing here stops a run.

use crate::check::{Context, setting};
use crate::diag::{Code, Diagnostic};
use crate::shot::Shot;
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
    let empty = shot
        .prompt
        .as_ref()
        .is_none_or(|prompt| prompt.text.trim().is_empty());
    if empty && mode != Mode::TextToVideo {
        let span = shot.prompt.as_ref().map_or(shot.span, |prompt| prompt.span);
        diagnostics.push(
            Diagnostic::warning(
                Code::Request,
                span,
                format!("shot `{}` has no prompt", shot.id),
            )
            .note(format!(
                "{mode} takes that, and the model decides what happens"
            )),
        );
    }
}
