//! The sentences about what a schema refuses.
//!
//! Every value that is shown passes through `shown`, which is why no data URL,
//! signed link or long prompt ever gets into a message.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Refusal};
use serde_json::Value;

use super::Spec;
use super::request::RequestSchema;
use super::violation::ViolationKind;

/// The most characters of a text that a message repeats.
const SHOWN: usize = 48;

/// One refusal with all that its sentence needs.
pub(super) struct Case<'v> {
    pub(super) spec: &'v Spec,
    pub(super) request: &'v RequestSchema,
    /// The model of the body, when it has one.
    pub(super) model: Option<&'v str>,
    pub(super) pointer: &'v str,
    pub(super) kind: &'v ViolationKind,
}

impl Case<'_> {
    /// Lower case, without a full stop.
    pub(super) fn sentence(&self, error: &ValidationError<'_>) -> String {
        let name = label(self.pointer);
        let phrase = self.request.mode.phrase();
        let value = error.instance();
        match self.kind {
            ViolationKind::Missing => format!("{name} is missing; {phrase} needs it"),
            ViolationKind::NotAllowed => match self.model {
                Some(model) => format!("{name} cannot be set for {phrase} with {model}"),
                None => format!("{name} cannot be set for {phrase}"),
            },
            ViolationKind::UnknownField => format!("{name} is not a field of a {phrase} request"),
            ViolationKind::WrongType => {
                format!(
                    "{name} is {}, but {} is needed",
                    type_of(value),
                    wanted(error)
                )
            }
            ViolationKind::TooLong { limit, actual } => {
                format!("{name} is {actual} characters long; the limit is {limit}")
            }
            ViolationKind::Choice { .. } if self.pointer == "/model" => self.model_sentence(value),
            ViolationKind::Choice { allowed } => {
                let allowed = one_of(allowed.iter().map(shown));
                format!("{name} is {}, but here it must be {allowed}", shown(value))
            }
            ViolationKind::Pattern => {
                let expected = self.expected(error);
                format!("{name} is {}, but it must be {expected}", shown(value))
            }
            ViolationKind::Other => other(&name, error),
        }
    }

    /// A model can be unknown, or known and in the wrong mode.
    fn model_sentence(&self, value: &Value) -> String {
        let model = value.as_str().unwrap_or_default();
        let phrase = self.request.mode.phrase();
        let here = one_of(self.request.models.iter().cloned());
        let elsewhere = self.spec.modes_of(model);
        if elsewhere.is_empty() {
            let model = shown(value);
            format!("`model` is {model}, which no document lists; {phrase} is made by {here}")
        } else {
            let others = all_of(elsewhere.into_iter().map(|mode| mode.phrase().to_owned()));
            format!("`model` is {model}, which makes only {others}; {phrase} is made by {here}")
        }
    }

    /// What a pattern means, from the `x-expects` beside it.
    fn expected(&self, error: &ValidationError<'_>) -> String {
        let keyword = error.schema_path().as_str();
        let holder = keyword.rsplit_once('/').map_or("", |(holder, _)| holder);
        let schema = self.request.schema.pointer(holder);
        let words = schema.and_then(|schema| schema.get("x-expects")?.as_str());
        match (words, error.kind()) {
            (Some(words), _) => words.to_owned(),
            (None, Refusal::Pattern { pattern }) => format!("text that matches {pattern}"),
            _ => "text of another form".to_owned(),
        }
    }
}

/// A pointer as people write it: `subject_reference[0].type`, in backticks.
fn label(pointer: &str) -> String {
    let mut name = String::new();
    for step in pointer.split('/').skip(1) {
        if step.parse::<usize>().is_ok() {
            name = format!("{name}[{step}]");
        } else {
            let dot = if name.is_empty() { "" } else { "." };
            let step = step.replace("~1", "/").replace("~0", "~");
            name = format!("{name}{dot}{step}");
        }
    }
    if name.is_empty() {
        "the request".to_owned()
    } else {
        format!("`{name}`")
    }
}

/// A value as it may be shown: short, and nothing of an image or a signature.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.as_str(),
        Value::Array(_) | Value::Object(_) => return type_of(value).to_owned(),
        scalar => return scalar.to_string(),
    };
    if text.is_empty() {
        return "empty".to_owned();
    }
    if text
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("data:"))
    {
        let media = text[5..].split([';', ',']).next().unwrap_or_default();
        let media: String = media.chars().take(SHOWN).collect();
        return format!(
            "a data URL of type {}",
            if media.is_empty() { "unknown" } else { &media }
        );
    }
    // What follows a question mark signs a link, or is none of our business.
    let (bare, signed) = text
        .split_once('?')
        .map_or((text, ""), |(bare, _)| (bare, "?…"));
    // So does a name with a password before a host.
    let bare = match (bare.split_once("://"), bare.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => bare.to_owned(),
    };
    if bare.chars().count() <= SHOWN {
        return format!("{bare}{signed}");
    }
    let start: String = bare.chars().take(SHOWN).collect();
    format!("{start}…")
}

/// `a`, `a or b`, `a, b or c`.
fn one_of(items: impl Iterator<Item = String>) -> String {
    joined(items, "or")
}

/// `a`, `a and b`, `a, b and c`.
fn all_of(items: impl Iterator<Item = String>) -> String {
    joined(items, "and")
}

fn joined(items: impl Iterator<Item = String>, word: &str) -> String {
    let items: Vec<String> = items.collect();
    match items.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} {word} {last}", first.join(", ")),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a whole number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

fn wanted(error: &ValidationError<'_>) -> String {
    let words = |name: &str| match name {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a mapping",
        _ => "nothing",
    };
    match error.kind() {
        Refusal::Type {
            kind: TypeKind::Single(one),
        } => words(&one.to_string()).to_owned(),
        Refusal::Type {
            kind: TypeKind::Multiple(several),
        } => one_of(several.iter().map(|one| words(&one.to_string()).to_owned())),
        _ => "another type".to_owned(),
    }
}

fn other(name: &str, error: &ValidationError<'_>) -> String {
    let count = |value: &Value| value.as_array().map_or(0, Vec::len);
    let value = error.instance();
    match error.kind() {
        Refusal::MaxItems { limit } => {
            format!("{name} has {} entries; the limit is {limit}", count(value))
        }
        Refusal::MinItems { limit } => {
            format!(
                "{name} has {} entries; it needs at least {limit}",
                count(value)
            )
        }
        Refusal::MinLength { limit } => {
            format!("{name} is too short; it needs at least {limit} characters")
        }
        Refusal::Minimum { limit } | Refusal::ExclusiveMinimum { limit } => {
            format!("{name} is {}; the least is {limit}", shown(value))
        }
        Refusal::Maximum { limit } | Refusal::ExclusiveMaximum { limit } => {
            format!("{name} is {}; the most is {limit}", shown(value))
        }
        kind => format!("{name} does not satisfy the rule `{}`", kind.keyword()),
    }
}
