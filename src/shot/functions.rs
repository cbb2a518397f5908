//! The language of templates: what is there, and how much of it.
//!
//! Owns the environment of the engine: strict, unescaped, without anything
//! that makes a text of any size out of a small one. Never renders.

use std::fmt::Write as _;
use std::sync::Arc;

use minijinja::value::{Rest, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, escape_formatter};

use crate::shot::camera::Vocabulary;
use crate::shot::template::MAX_OUTPUT;

/// Most items that `range` gives.
const MAX_RANGE: i64 = 10_000;

/// Filters of the engine that can make a text of any size out of a small one.
const REMOVED: [&str; 10] = [
    "batch", "chain", "e", "escape", "format", "indent", "pprint", "safe", "slice", "sum",
];

/// The engine with the filters and functions that authors get.
pub(super) fn environment(vocabulary: Arc<Vocabulary>) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_debug(true);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_recursion_limit(50);
    env.set_formatter(|output, state, value| {
        let what = match value.kind() {
            ValueKind::None => "nothing",
            ValueKind::Seq | ValueKind::Iterable => "a list",
            ValueKind::Map => "a mapping",
            ValueKind::Plain => "a function, and it is not called",
            _ => return escape_formatter(output, state, value),
        };
        let message = format!("no text can be made of this: it is {what}");
        Err(Error::new(ErrorKind::BadSerialization, message))
    });
    for name in REMOVED {
        env.remove_filter(name);
    }
    for name in ["debug", "namespace"] {
        env.remove_global(name);
    }
    env.add_filter("replace", replace);
    env.add_filter("join", join);
    env.add_function("range", range);
    env.add_function("camera", move |names: Rest<String>| {
        camera(&vocabulary, &names)
    });
    env
}

fn too_much() -> Error {
    Error::new(ErrorKind::InvalidOperation, "the text becomes too long")
}

fn replace(text: &str, from: &str, to: &str) -> Result<String, Error> {
    let hits = text.matches(from).count();
    if text.len().saturating_add(hits.saturating_mul(to.len())) > MAX_OUTPUT {
        return Err(too_much());
    }
    Ok(text.replace(from, to))
}

fn join(list: &Value, between: Option<String>) -> Result<String, Error> {
    let between = between.unwrap_or_default();
    let mut joined = String::new();
    for (position, item) in list.try_iter()?.enumerate() {
        if position > 0 {
            joined.push_str(&between);
        }
        if item.is_undefined() {
            return Err(Error::from(ErrorKind::UndefinedError));
        }
        write!(joined, "{item}").map_err(|_| too_much())?;
        if joined.len() > MAX_OUTPUT {
            return Err(too_much());
        }
    }
    Ok(joined)
}

fn range(lower: i64, upper: Option<i64>, step: Option<i64>) -> Result<Value, Error> {
    let (from, to) = upper.map_or((0, lower), |upper| (lower, upper));
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "a range needs a step other than 0",
        ));
    }
    let distance = i128::from(to) - i128::from(from);
    let items = (distance / i128::from(step)).max(0);
    if items > i128::from(MAX_RANGE) {
        let message = format!("a range has {MAX_RANGE} items at most");
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    let mut values = Vec::new();
    let mut at = from;
    while (step > 0 && at < to) || (step < 0 && at > to) {
        values.push(Value::from(at));
        let Some(next) = at.checked_add(step) else {
            break;
        };
        at = next;
    }
    Ok(Value::from(values))
}

fn camera(vocabulary: &Vocabulary, names: &[String]) -> Result<String, Error> {
    if names.is_empty() {
        return Err(Error::new(
            ErrorKind::MissingArgument,
            "`camera` needs a command, such as `camera('push in')`",
        ));
    }
    vocabulary
        .bracket(names.iter().map(String::as_str))
        .map_err(|unknown| {
            Error::new(ErrorKind::InvalidOperation, unknown.message()).with_source(unknown)
        })
}
