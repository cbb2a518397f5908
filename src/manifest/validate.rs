//! The manifest's schema against the tree, in sentences with places.
//!
//! Owns the wording of structural mistakes. Never shows the words of JSON
//! Schema, and never judges the value of a request field: `check` knows which
//! model takes what and says it better. Only what is no scalar is refused here.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::diag::{Code, Diagnostic, suggest};
use crate::manifest::names;
use crate::manifest::reader::MAX_TOLD;
use crate::manifest::scalar::plain;
use crate::manifest::schema::{self, REQUEST_FIELD};
use crate::manifest::tree::{Kind as NodeKind, Node};

/// What a film is made of; the first of them is what authors begin with.
const FILM: [&str; 3] = ["shots", "scenes", "include"];

/// Everything that is wrong with the shape of a manifest.
pub(crate) fn validate(root: &Node, schema: &Value) -> Vec<Diagnostic> {
    against(root, schema, &compiled(schema))
}

thread_local! {
    /// Compiling takes longer than all else that is done with a small manifest,
    /// and who reads many reads them by the same schemas, the newest last.
    static LAST: RefCell<Vec<(Value, Rc<Validator>)>> = const { RefCell::new(Vec::new()) };
}

/// One for manifests, one for what they include.
const KEPT: usize = 2;

fn compiled(schema: &Value) -> Rc<Validator> {
    LAST.with_borrow_mut(|kept| {
        if let Some((_, validator)) = kept.iter().find(|(known, _)| known == schema) {
            return Rc::clone(validator);
        }
        let validator = jsonschema::draft202012::new(schema);
        let validator = Rc::new(validator.expect("a test compiles the manifest's schema"));
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((schema.clone(), Rc::clone(&validator)));
        validator
    })
}

fn against(root: &Node, schema: &Value, validator: &Validator) -> Vec<Diagnostic> {
    let instance = root.to_json();
    let mut diagnostics = Vec::new();
    for error in validator.iter_errors(&instance) {
        explain(
            &Mistake::new(root, schema, &error),
            &error,
            &mut diagnostics,
        );
    }
    diagnostics
}

/// A schema error with what it is about.
struct Mistake<'a> {
    root: &'a Node,
    whole: &'a Value,
    node: &'a Node,
    /// The schema that holds the failing keyword.
    schema: &'a Value,
    /// The last step of the path: a key, or the number of an item.
    name: String,
}

impl<'a> Mistake<'a> {
    fn new(root: &'a Node, whole: &'a Value, error: &ValidationError<'_>) -> Self {
        let path = error.instance_path().as_str();
        let schema_path = error.schema_path().as_str();
        let parent = schema_path.rfind('/').map_or("", |at| &schema_path[..at]);
        Self {
            root,
            whole,
            node: root.pointer(path).unwrap_or(root),
            schema: whole.pointer(parent).unwrap_or(&Value::Null),
            name: path
                .rsplit('/')
                .next()
                .unwrap_or("")
                .replace("~1", "/")
                .replace("~0", "~"),
        }
    }

    fn expected(&self) -> Option<&'a str> {
        self.schema.get("x-expected").and_then(Value::as_str)
    }

    /// The key in quotes, or what an item is called.
    fn called(&self) -> String {
        if self.name.is_empty() && !self.whole[schema::OF_RUN].is_null() {
            "an included file".to_owned()
        } else if self.name.is_empty() {
            "the manifest".to_owned()
        } else if self.name.bytes().all(|b| b.is_ascii_digit()) {
            "this item".to_owned()
        } else {
            format!("`{}`", self.name)
        }
    }
}

fn explain(mistake: &Mistake<'_>, error: &ValidationError<'_>, into: &mut Vec<Diagnostic>) {
    use ValidationErrorKind as Kind;
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let told = unexpected.iter().take(MAX_TOLD);
            into.extend(told.map(|key| unknown_key(mistake, key)));
        }
        Kind::Required { property } => {
            into.extend((!misspelt(mistake, property)).then(|| missing_key(mistake, property)));
        }
        Kind::PropertyNames { error } => into.push(bad_name(mistake, error)),
        _ if mistake.schema.get(REQUEST_FIELD).is_some() => {
            into.extend((!mistake.node.is_scalar()).then(|| wrong_type(mistake)));
        }
        Kind::Type { .. } => into.push(wrong_type(mistake)),
        // Of the lists that make a film, none is there.
        Kind::AnyOf { .. } if mistake.name.is_empty() => {
            let there = FILM.iter().any(|key| misspelt(mistake, &Value::from(*key)));
            into.extend((!there).then(|| missing_key(mistake, &Value::from(FILM[0]))));
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            union(mistake, context, into);
        }
        Kind::Constant { .. } if mistake.name == "version" => into.push(version(mistake)),
        Kind::Enum { options } => into.push(choices(mistake, options)),
        _ => into.push(bad_value(mistake, error.kind())),
    }
}

fn unknown_key(mistake: &Mistake<'_>, key: &str) -> Diagnostic {
    let span = mistake
        .node
        .entry(key)
        .map_or(mistake.node.span, |e| e.key.span);
    let known = properties(mistake.schema);
    let diagnostic = Diagnostic::error(Code::UnknownKey, span, format!("unknown key `{key}`"));
    let of_run = mistake.whole[schema::OF_RUN].as_array();
    if mistake.name.is_empty() && of_run.is_some_and(|keys| keys.contains(&Value::from(key))) {
        return diagnostic
            .note("it is for the whole run, and this file is included")
            .help(format!(
                "move `{key}` to the manifest that includes this file"
            ));
    }
    if let Some(near) = names::meant(key, &known) {
        return diagnostic.help(format!("did you mean `{near}`?"));
    }
    if let Some((reason, help)) = names::reason(key) {
        return diagnostic.note(reason).help(help);
    }
    let is_scene = mistake.schema.get("title").and_then(Value::as_str) == Some("Scene");
    let of_shots = properties(&mistake.whole["$defs"]["shot"]).contains(&key);
    if of_shots && (mistake.name.is_empty() || is_scene) {
        return diagnostic.help(format!(
            "`{key}` belongs to a shot under `shots`, or to `defaults`"
        ));
    }
    if properties(mistake.whole).contains(&key) {
        return diagnostic.help(format!("`{key}` belongs to the top of the manifest"));
    }
    diagnostic.help(format!("the keys here are {}", listed(&known)))
}

fn properties(schema: &Value) -> Vec<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.map_or_else(Vec::new, |p| p.keys().map(String::as_str).collect())
}

/// Whether a missing key is there under a name that is nearly its own.
fn misspelt(mistake: &Mistake<'_>, property: &Value) -> bool {
    let known = properties(mistake.schema);
    let mut unknown = mistake
        .node
        .entries()
        .iter()
        .map(|entry| &*entry.key.value)
        .filter(|key| !known.contains(key));
    unknown.any(|key| names::meant(key, &known) == property.as_str())
}

fn missing_key(mistake: &Mistake<'_>, property: &Value) -> Diagnostic {
    let key = property.as_str().unwrap_or_default();
    let owner = if mistake.name.is_empty() {
        "the manifest"
    } else {
        mistake
            .schema
            .get("title")
            .and_then(Value::as_str)
            .unwrap_or("this")
    };
    let owner = match owner {
        "the manifest" | "this" => owner.to_owned(),
        title => format!("this {}", title.to_lowercase()),
    };
    let span = mistake.node.head();
    let diagnostic = Diagnostic::error(Code::MissingKey, span, format!("{owner} has no `{key}`"));
    let about = mistake
        .schema
        .pointer(&format!("/properties/{key}/description"));
    match about.and_then(Value::as_str) {
        _ if key == "version" => diagnostic.help("begin with `version: 1`"),
        Some(about) => diagnostic.note(format!("`{key}`: {about}")),
        None => diagnostic,
    }
}

fn bad_name(mistake: &Mistake<'_>, error: &ValidationError<'_>) -> Diagnostic {
    let name = error.instance().as_str().unwrap_or_default().to_owned();
    let span = mistake
        .node
        .entry(&name)
        .map_or(mistake.node.span, |e| e.key.span);
    let expected = mistake.expected().unwrap_or("another name");
    let message = format!("`{name}` cannot be a name here, since templates could not say it");
    Diagnostic::error(Code::BadValue, span, message).help(format!("use {expected}"))
}

fn wrong_type(mistake: &Mistake<'_>) -> Diagnostic {
    let expected = match mistake.expected() {
        Some(expected) => expected.to_owned(),
        None => type_words(mistake.schema),
    };
    let found = mistake.node.describe();
    let span = mistake.node.span;
    let message = format!(
        "expected {expected} for {}, found {found}",
        mistake.called()
    );
    let diagnostic =
        Diagnostic::error(Code::WrongType, span, message).label(format!("{found}, not {expected}"));
    if mistake.schema.get("type").and_then(Value::as_str) == Some("array")
        && matches!(mistake.node.kind, crate::manifest::tree::Kind::Map(_))
    {
        return diagnostic.help("begin each item with `- `, on a line of its own");
    }
    match quotes(mistake) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// Advice on quotes, where they are all that makes the difference.
fn quotes(mistake: &Mistake<'_>) -> Option<&'static str> {
    let wants = |name: &str| mistake.schema.get("type").and_then(Value::as_str) == Some(name);
    match &mistake.node.kind {
        NodeKind::Number(_) | NodeKind::Bool(_)
            if wants("string") && mistake.expected().is_none() =>
        {
            Some("put it into quotes")
        }
        NodeKind::Text(text) if wants("integer") || wants("number") => {
            let number = matches!(plain(text), NodeKind::Number(_));
            number.then_some("remove the quotes")
        }
        _ => None,
    }
}

fn type_words(schema: &Value) -> String {
    let word = |name: &str| match name {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a mapping",
        _ => "nothing",
    };
    match schema.get("type") {
        Some(Value::String(name)) => word(name).to_owned(),
        Some(Value::Array(names)) => {
            let words: Vec<&str> = names.iter().filter_map(Value::as_str).map(word).collect();
            words.join(" or ")
        }
        _ => "something else".to_owned(),
    }
}

/// Of several forms that a value may have, the author meant the one whose type
/// fits; what is wrong inside that one is what helps.
fn union(
    mistake: &Mistake<'_>,
    branches: &[Vec<ValidationError<'static>>],
    into: &mut Vec<Diagnostic>,
) {
    let base = mistake.node;
    let is_type = |error: &ValidationError<'_>| {
        let own = error.instance_path().as_str();
        let here = mistake
            .root
            .pointer(own)
            .is_some_and(|node| std::ptr::eq(node, base));
        here && matches!(
            error.kind(),
            ValidationErrorKind::Type { .. }
                | ValidationErrorKind::Enum { .. }
                | ValidationErrorKind::Constant { .. }
        )
    };
    let meant = branches
        .iter()
        .find(|errors| !errors.is_empty() && !errors.iter().any(is_type));
    match meant {
        Some(errors) => {
            for error in errors {
                explain(
                    &Mistake::new(mistake.root, mistake.whole, error),
                    error,
                    into,
                );
            }
        }
        None if base.text().is_some() => {
            into.push(expected_value(
                mistake,
                mistake.expected().unwrap_or("another value"),
            ));
        }
        None => into.push(wrong_type(mistake)),
    }
}

fn version(mistake: &Mistake<'_>) -> Diagnostic {
    let message = "this program reads manifests of version 1";
    let span = mistake.node.span;
    let diagnostic = Diagnostic::error(Code::Version, span, message).help("write `version: 1`");
    match mistake.node.text() {
        Some("1") => diagnostic.note("the quotes make it a text"),
        _ => diagnostic,
    }
}

fn choices(mistake: &Mistake<'_>, options: &Arc<Value>) -> Diagnostic {
    let options = options.as_array().map_or(&[][..], Vec::as_slice);
    let words: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
    let diagnostic = expected_value(mistake, &listed(&words));
    match suggest(
        mistake.node.text().unwrap_or_default(),
        words.iter().copied(),
    ) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    }
}

fn expected_value(mistake: &Mistake<'_>, expected: &str) -> Diagnostic {
    let secret = mistake.schema.get("x-secret").is_some();
    let shown = mistake
        .node
        .text()
        .filter(|text| !secret && text.chars().count() <= 60);
    let message = match shown {
        Some(text) => format!("{} cannot be `{text}`", mistake.called()),
        None => format!("{} cannot be this", mistake.called()),
    };
    let span = mistake.node.span;
    Diagnostic::error(Code::BadValue, span, message).label(format!("expected {expected}"))
}

fn bad_value(mistake: &Mistake<'_>, kind: &ValidationErrorKind) -> Diagnostic {
    use ValidationErrorKind as Kind;
    let called = mistake.called();
    let message = match kind {
        Kind::Minimum { limit } => format!("{called} is {limit} at least"),
        Kind::Maximum { limit } => format!("{called} is {limit} at most"),
        Kind::ExclusiveMinimum { limit } => format!("{called} is more than {limit}"),
        Kind::MinItems { .. } | Kind::MinLength { .. } | Kind::MinProperties { .. } => {
            format!("{called} cannot be empty")
        }
        _ => return expected_value(mistake, mistake.expected().unwrap_or("another value")),
    };
    let span = mistake.node.span;
    Diagnostic::error(Code::BadValue, span, message)
}

/// `a`, `b` and `c`.
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".to_owned(),
    }
}
