//! What a request schema refuses, as facts: field, kind, sentence, reason.
//!
//! Turns the validator's errors into violations, one for each place in the
//! body, in the order of the document's fields. `wording` has the sentences.

use std::collections::BTreeMap;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Refusal;
use serde_json::{Map, Value};

use super::request::RequestSchema;
use super::shared::error::child;
use super::{Spec, wording};

/// What to do about a model that no document lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlisted {
    /// Let it through; gateways have models of their own.
    Allow,
    /// Refuse it.
    Refuse,
}

/// One thing that is wrong with a request body.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The field of the request; nothing when the body as a whole is wrong.
    pub field: Option<String>,
    /// JSON pointer to the value, or to where a missing one belongs.
    pub pointer: String,
    /// What is wrong, for programs.
    pub kind: ViolationKind,
    /// What is wrong, for people: lower case, without a full stop.
    ///
    /// Never holds a data URL, the query of an address, or a long prompt.
    pub message: String,
    /// The rule of the document that was broken, as the document words it.
    pub reason: Option<String>,
}

/// The ways in which a value can be wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum ViolationKind {
    /// A required field is not there.
    Missing,
    /// The API has this field, but not here: another mode, or another model.
    NotAllowed,
    /// The API has no such field in any mode.
    UnknownField,
    /// A value of another JSON type is needed.
    WrongType,
    /// The text has more characters than the limit.
    TooLong {
        /// The most characters.
        limit: u64,
        /// The characters it has.
        actual: u64,
    },
    /// The value is none of those that are possible here.
    Choice {
        /// The possible values, given the rest of the body.
        allowed: Vec<Value>,
    },
    /// The text has the wrong form.
    Pattern,
    /// Anything else, such as a list that is too long.
    Other,
}

/// Everything that a mode's schema has against a body.
pub(super) fn find(
    spec: &Spec,
    request: &RequestSchema,
    body: &Value,
    unlisted: Unlisted,
) -> Vec<Violation> {
    // By far most bodies are good, and saying so is several times cheaper.
    if request.validator.is_valid(body) {
        return Vec::new();
    }
    let finder = Finder {
        spec,
        request,
        body,
        allowed: BTreeMap::new(),
    };
    finder.run(unlisted)
}

struct Finder<'v> {
    spec: &'v Spec,
    request: &'v RequestSchema,
    body: &'v Value,
    /// Possible values by field, worked out once.
    allowed: BTreeMap<String, Vec<Value>>,
}

impl Finder<'_> {
    fn run(mut self, unlisted: Unlisted) -> Vec<Violation> {
        let mut found = Vec::new();
        for error in self.request.validator.iter_errors(self.body) {
            self.add(&error, &mut found);
        }
        if unlisted == Unlisted::Allow {
            let known = |violation: &Violation| {
                let model = self.body.get("model").and_then(Value::as_str);
                violation.pointer != "/model"
                    || model.is_none_or(|model| !self.spec.modes_of(model).is_empty())
            };
            found.retain(known);
        }
        let fields = &self.request.properties;
        let rank = |violation: &Violation| {
            let field = violation.field.as_deref();
            let known = field.and_then(|field| fields.keys().position(|name| name == field));
            known.unwrap_or(usize::MAX)
        };
        found.sort_by_key(rank);
        found
    }

    fn add(&mut self, error: &ValidationError<'_>, found: &mut Vec<Violation>) {
        let reason = self.reason(error);
        let at = error.instance_path().as_str();
        let places = match error.kind() {
            Refusal::AdditionalProperties { unexpected } => {
                unexpected.iter().map(|name| child(at, name)).collect()
            }
            Refusal::Required { property } => {
                vec![child(at, property.as_str().unwrap_or_default())]
            }
            _ => vec![at.to_owned()],
        };
        for pointer in places {
            let kind = self.kind(error, &pointer);
            let message = self.message(error, &pointer, &kind);
            let violation = Violation {
                field: field_of(&pointer),
                pointer,
                kind,
                message,
                reason: reason.clone(),
            };
            merge(found, violation);
        }
    }

    fn kind(&mut self, error: &ValidationError<'_>, pointer: &str) -> ViolationKind {
        match error.kind() {
            Refusal::Required { .. } => ViolationKind::Missing,
            Refusal::FalseSchema => ViolationKind::NotAllowed,
            Refusal::AdditionalProperties { .. } => {
                let field = field_of(pointer).unwrap_or_default();
                let top = pointer.matches('/').count() == 1;
                let elsewhere = self.spec.requests.iter();
                if top
                    && elsewhere
                        .into_iter()
                        .any(|r| r.properties.contains_key(&field))
                {
                    ViolationKind::NotAllowed
                } else {
                    ViolationKind::UnknownField
                }
            }
            Refusal::Type { .. } => ViolationKind::WrongType,
            Refusal::MaxLength { limit } => ViolationKind::TooLong {
                limit: *limit,
                actual: error.instance().as_str().map_or(0, |s| s.chars().count()) as u64,
            },
            Refusal::Enum { options } => ViolationKind::Choice {
                allowed: self.possible(pointer, options.as_array()),
            },
            Refusal::Not { .. } => ViolationKind::Choice {
                allowed: self.possible(pointer, None),
            },
            Refusal::Constant { expected_value } => ViolationKind::Choice {
                allowed: vec![(**expected_value).clone()],
            },
            Refusal::Pattern { .. } | Refusal::Format { .. } => ViolationKind::Pattern,
            _ => ViolationKind::Other,
        }
    }

    /// The values of a field that the schema would take beside the rest of the body.
    ///
    /// Asking the schema itself keeps the answer true for rules of any shape.
    fn possible(&mut self, pointer: &str, listed: Option<&Vec<Value>>) -> Vec<Value> {
        let field = field_of(pointer).unwrap_or_default();
        let base = self.request.choices(&field);
        if base.is_empty() || child("", &field) != pointer {
            return listed.cloned().unwrap_or_default();
        }
        if let Some(known) = self.allowed.get(&field) {
            return known.clone();
        }
        let Value::Object(mut probe) = light(self.body) else {
            return base.to_vec();
        };
        let mut possible = Vec::new();
        for value in base {
            probe.insert(field.clone(), value.clone());
            let trial = Value::Object(probe);
            if !refused_at(self.request, &trial, pointer) {
                possible.push(value.clone());
            }
            let Value::Object(back) = trial else { break };
            probe = back;
        }
        if possible.is_empty() {
            possible = base.to_vec();
        }
        self.allowed.insert(field, possible.clone());
        possible
    }

    /// The description of the rule that an error comes from.
    fn reason(&self, error: &ValidationError<'_>) -> Option<String> {
        let path = error.evaluation_path().as_str();
        let at = path.strip_prefix("/allOf/")?.split('/').next()?;
        let rule = self
            .request
            .schema
            .get("allOf")?
            .get(at.parse::<usize>().ok()?)?;
        rule.get("description")?.as_str().map(str::to_owned)
    }

    fn message(&self, error: &ValidationError<'_>, pointer: &str, kind: &ViolationKind) -> String {
        let case = wording::Case {
            spec: self.spec,
            request: self.request,
            model: self.body.get("model").and_then(Value::as_str),
            pointer,
            kind,
        };
        case.sentence(error)
    }
}

/// Adds a violation, or what it adds to one that is known of the same place.
fn merge(found: &mut Vec<Violation>, new: Violation) {
    let Some(known) = found.iter_mut().find(|known| known.pointer == new.pointer) else {
        found.push(new);
        return;
    };
    // A value of the wrong type fails every other test as well.
    let telling = new.kind == ViolationKind::WrongType && known.kind != ViolationKind::WrongType;
    let reason = known.reason.take().or(new.reason.clone());
    if telling {
        *known = new;
    }
    known.reason = reason;
}

fn refused_at(request: &RequestSchema, body: &Value, pointer: &str) -> bool {
    let mut errors = request.validator.iter_errors(body);
    errors.any(|error| error.instance_path().as_str() == pointer)
}

/// The field of the request that a JSON pointer leads into.
fn field_of(pointer: &str) -> Option<String> {
    let step = pointer.strip_prefix('/')?.split('/').next()?;
    Some(step.replace("~1", "/").replace("~0", "~"))
}

/// A body without its long texts, which may be images of many megabytes.
fn light(body: &Value) -> Value {
    const LONG: usize = 256;
    let fields = body.as_object().into_iter().flatten();
    let short = fields.filter(|(_, value)| value.as_str().is_none_or(|text| text.len() <= LONG));
    Value::Object(
        short
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>(),
    )
}
