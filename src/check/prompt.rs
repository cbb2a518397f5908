//! Prompts that the API takes and an author regrets.
//!
//! Owns warnings about the words of one prompt. The limits are the documents'.

use serde_json::Value;

use crate::diag::{Code, Diagnostic};
use crate::shot::Prompt;
use crate::spec::{Mode, Spec};

pub(super) fn lint(prompt: &Prompt, mode: Mode, spec: &Spec) -> Vec<Diagnostic> {
    let found = [
        nearly_too_long(prompt, mode, spec),
        thin(prompt, mode),
        invisible(prompt),
    ];
    found.into_iter().flatten().collect()
}

/// Nineteen parts of twenty: a variable that grows by a few words is over it.
fn nearly_too_long(prompt: &Prompt, mode: Mode, spec: &Spec) -> Option<Diagnostic> {
    let schema = spec.field(mode, "prompt")?;
    let limit = usize::try_from(schema.get("maxLength").and_then(Value::as_u64)?).ok()?;
    let length = prompt.text.chars().count();
    (length <= limit && length * 20 > limit * 19).then(|| {
        let message =
            format!("the prompt is {length} characters long, of {limit} that it may have");
        Diagnostic::warning(Code::PromptLength, prompt.span, message)
            .note("variables and camera commands are counted as they are sent")
            .help("shorten it; what a clip of a few seconds can show needs far less")
    })
}

/// With a picture, a word may do; from text alone, the model invents all else.
fn thin(prompt: &Prompt, mode: Mode) -> Option<Diagnostic> {
    if mode != Mode::TextToVideo || prompt.text.trim().is_empty() {
        return None;
    }
    let prose = without_camera(prompt);
    let mut words = prose
        .split_whitespace()
        .filter(|word| word.contains(char::is_alphanumeric));
    let message = match (words.next(), words.next()) {
        (None, _) => "the prompt says nothing but how the camera moves",
        (Some(word), None) if word.is_ascii() || word.chars().count() < 4 => {
            "the prompt is a single word"
        }
        _ => return None,
    };
    Some(
        Diagnostic::warning(Code::ThinPrompt, prompt.span, message)
            .note("the model invents all that is not said, and the video is paid for all the same")
            .help("say who is seen, what happens, where, and in which light"),
    )
}

/// The prompt without the brackets that hold commands.
fn without_camera(prompt: &Prompt) -> String {
    if prompt.camera.is_empty() {
        return prompt.text.clone();
    }
    let mut prose = String::new();
    let mut rest = prompt.text.as_str();
    while let Some((before, bracket)) = rest.split_once('[') {
        prose.push_str(before);
        rest = bracket.split_once(']').map_or("", |(_, after)| after);
    }
    prose + rest
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
        new(Code::InvisibleCharacters, prompt.span, message)
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
