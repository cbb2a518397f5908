//! What the API would take and an author would regret.
//!
//! Owns warnings, and the few errors that no schema can put: what is said of
//! prompts by the API's codes and not by its documents.

use crate::check::{Context, setting};
use crate::diag::{Code, Diagnostic};
use crate::shot::{Prompt, Shot};
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
        diagnostics.extend(invisible(prompt));
    }
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
                Code::Request,
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

/// Characters that nobody sees, of which the API bears some (code 1042).
fn invisible(prompt: &Prompt) -> Option<Diagnostic> {
    let hidden = prompt.text.chars().filter(|c| is_invisible(*c));
    let first = hidden.clone().next()?;
    let (hidden, all) = (hidden.count(), prompt.text.chars().count());
    let name = format!("U+{:04X}", u32::from(first));
    let message = match hidden {
        1 => format!("there is an invisible character in the prompt, {name}"),
        _ => format!("{hidden} characters of the prompt are invisible, the first is {name}"),
    };
    let new = if hidden * 10 > all {
        Diagnostic::error
    } else {
        Diagnostic::warning
    };
    Some(
        new(Code::Request, prompt.span, message)
            .note("the API refuses a prompt of which more than a tenth is invisible (code 1042)")
            .help("delete it; it often comes along when a text is pasted"),
    )
}

/// Control characters other than white space, and marks without a width. What
/// joins emoji is not among them.
fn is_invisible(character: char) -> bool {
    let marks = [
        '\u{ad}', '\u{200b}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{feff}',
    ];
    character.is_control() && !matches!(character, '\n' | '\r' | '\t')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || marks.contains(&character)
}
