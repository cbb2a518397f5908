//! Tree to model.
//!
//! Owns what a schema cannot say: lengths of time, amounts, addresses, names
//! that must exist. A value of the wrong shape was reported by `validate` and
//! is left out here in silence, so that the later stages still see the rest.

use crate::diag::{Code, Diagnostic, Level, Levels, Span, Spanned};
use crate::manifest::address::{self, bad_base_url};
use crate::manifest::film;
use crate::manifest::lower_shot;
use crate::manifest::model::{
    Backend, BackendKind, Limits, Manifest, Output, PriceOverride, Rate, Settings, Var,
};
use crate::manifest::names;
use crate::manifest::reading::{Part, Reading};
use crate::manifest::schema::RequestField;
use crate::manifest::tree::{Entry, Kind, Node};
use crate::manifest::validate::listed;
use crate::money::Money;

use std::collections::HashMap;
use std::time::Duration;

/// Names of backends that need no entry under `backends`.
pub const BUILT_IN_BACKENDS: [&str; 2] = ["minimax", "simulator"];

/// Names that templates already give a meaning.
const RESERVED_VARS: [&str; 8] = [
    "camera",
    "characters",
    "fragments",
    "matrix",
    "row",
    "scene",
    "shot",
    "vars",
];

/// Lowers as much as can be understood.
pub(super) fn lower(part: &Part, request: &[RequestField], reading: &mut Reading<'_>) -> Manifest {
    let root = &part.root;
    let diagnostics = &mut reading.diagnostics;
    let backends = root.get("backends").map_or(&[][..], Node::entries);
    let prices = root.get("prices").map_or(&[][..], Node::items);
    let mut manifest = Manifest {
        version: root.get("version").and_then(unsigned),
        backend: root.get("backend").and_then(Node::spanned_text),
        backends: backends
            .iter()
            .map(|entry| backend(entry, diagnostics))
            .collect(),
        vars: Vec::new(),
        defaults: defaults(root, request),
        limits: Limits::default(),
        output: Output::default(),
        callback: None,
        prices: prices
            .iter()
            .filter_map(|node| price(node, diagnostics))
            .collect(),
        lints: root.get("lints").map_or_else(Levels::default, lints),
        fragments: Vec::new(),
        characters: Vec::new(),
        looks: Vec::new(),
        overrides: Vec::new(),
        folders: HashMap::new(),
        scenes: Vec::new(),
        shots: Vec::new(),
    };
    if let Some(node) = root.get("limits") {
        manifest.limits = limits(node, diagnostics);
    }
    if let Some(node) = root.get("output") {
        manifest.output = output(node, diagnostics);
    }
    if let Some(node) = root.get("callback") {
        manifest.callback = address::callback(node, diagnostics);
    }
    film::lower(part, request, &mut manifest, reading);
    manifest.folders = std::mem::take(&mut reading.folders);
    manifest
}

/// Variables of a mapping, whose names templates do not use for something else.
pub(crate) fn vars(node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Vec<Var> {
    let mut vars = Vec::new();
    for entry in node.entries() {
        let name = key(entry);
        if RESERVED_VARS.contains(&name.value.as_str()) {
            let message = format!("a variable cannot be called `{}`", name.value);
            diagnostics.push(
                Diagnostic::error(Code::BadValue, name.span, message).note(format!(
                    "templates keep {} for themselves",
                    listed(&RESERVED_VARS)
                )),
            );
            continue;
        }
        let value = entry.value.clone();
        vars.push(Var { name, value });
    }
    vars
}

fn lints(node: &Node) -> Levels {
    let mut levels = Levels::default();
    for entry in node.entries() {
        let level = entry.value.text().and_then(Level::of);
        if let (Some(code), Some(level)) = (Code::of(&entry.key.value), level) {
            levels.set(code, level);
        }
    }
    levels
}

pub(crate) fn key(entry: &Entry) -> Spanned<String> {
    Spanned::new((*entry.key.value).to_owned(), entry.key.span)
}

fn unsigned<T: TryFrom<u64>>(node: &Node) -> Option<Spanned<T>> {
    let Kind::Number(number) = &node.kind else {
        return None;
    };
    // A whole decimal is a whole number to JSON Schema, and to the author.
    let whole = number
        .as_f64()
        .filter(|n| n.fract() == 0.0 && (0.0..1e15).contains(n));
    let value = number.as_u64().or(whole.map(|n| n as u64))?;
    T::try_from(value)
        .ok()
        .map(|value| Spanned::new(value, node.span))
}

fn boolean(node: &Node) -> Option<Spanned<bool>> {
    match node.kind {
        Kind::Bool(value) => Some(Spanned::new(value, node.span)),
        _ => None,
    }
}

fn backend(entry: &Entry, diagnostics: &mut Vec<Diagnostic>) -> Backend {
    let node = &entry.value;
    let name = key(entry);
    if BUILT_IN_BACKENDS.contains(&name.value.as_str()) {
        let message = format!("`{}` is built in and cannot be defined again", name.value);
        diagnostics.push(
            Diagnostic::error(Code::BadValue, name.span, message).help("choose another name"),
        );
    }
    let base_url = node.get("base_url").and_then(Node::spanned_text);
    if let Some(reason) = base_url.as_ref().and_then(|url| bad_base_url(&url.value)) {
        let span = node.get("base_url").map_or(node.span, |url| url.span);
        diagnostics.push(
            Diagnostic::error(Code::BadValue, span, reason)
                .help("write an address such as `https://api.minimax.io`"),
        );
    }
    Backend {
        name,
        kind: BackendKind::MiniMax,
        base_url,
        key_env: node.get("key_env").and_then(Node::spanned_text),
        allow_unlisted: node.get("allow_unlisted").and_then(boolean),
    }
}

/// Settings for many shots, of a manifest or a scene; those under a name that
/// was probably meant for `defaults` were told to be wrong.
pub(super) fn defaults(root: &Node, request: &[RequestField]) -> Settings {
    let mut defaults = root.get("defaults").map_or_else(Settings::default, |node| {
        lower_shot::settings(node, request)
    });
    let misnamed = root.entries().iter().find(|entry| {
        let key: &str = &entry.key.value;
        key != "defaults" && names::meant(key, &["defaults"]).is_some()
    });
    for entry in misnamed.map_or(&[][..], |entry| entry.value.entries()) {
        defaults.broken.push((*entry.key.value).to_owned());
    }
    // Nothing stands behind them that a null could take away.
    defaults.broken.append(&mut defaults.unset);
    defaults
}

fn limits(node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Limits {
    let poll_interval = node
        .get("poll_interval")
        .and_then(|n| duration(n, diagnostics));
    if let Some(interval) = &poll_interval
        && interval.value < Limits::MIN_POLL_INTERVAL
    {
        let message = "`poll_interval` is 100ms at least";
        diagnostics.push(Diagnostic::error(Code::BadValue, interval.span, message));
    }
    let poll_interval =
        poll_interval.filter(|interval| interval.value >= Limits::MIN_POLL_INTERVAL);
    Limits {
        concurrency: node.get("concurrency").and_then(unsigned),
        creates_per_minute: node.get("creates_per_minute").and_then(rate),
        polls_per_minute: node.get("polls_per_minute").and_then(rate),
        max_cost: node.get("max_cost").and_then(|n| money(n, diagnostics)),
        allow_unpriced: node.get("allow_unpriced").and_then(boolean),
        deadline: node.get("deadline").and_then(|n| duration(n, diagnostics)),
        poll_interval,
        chain_depth: node.get("chain_depth").and_then(unsigned),
    }
}

fn rate(node: &Node) -> Option<Spanned<Rate>> {
    let rate = match &node.kind {
        Kind::Number(number) => Rate::PerMinute(number.as_f64().filter(|n| *n > 0.0)?),
        Kind::Text(text) if &**text == "unlimited" => Rate::Unlimited,
        _ => return None,
    };
    Some(Spanned::new(rate, node.span))
}

fn duration(node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Option<Spanned<Duration>> {
    let text = node.text()?;
    match humantime::parse_duration(text) {
        Ok(value) if !value.is_zero() => Some(Spanned::new(value.min(Limits::LONGEST), node.span)),
        _ => {
            diagnostics.push(unreadable(
                node.span,
                text,
                "a length of time such as `10s` or `30m`",
            ));
            None
        }
    }
}

fn money(node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Option<Spanned<Money>> {
    let text = node.text()?;
    if let Ok(value) = text.parse() {
        return Some(Spanned::new(value, node.span));
    }

    diagnostics.push(unreadable(
        node.span,
        text,
        "an amount such as `5 USD` or `3.50 CNY`",
    ));
    None
}

fn unreadable(span: Span, text: &str, expected: &str) -> Diagnostic {
    let message = format!("`{text}` is not {expected}");
    Diagnostic::error(Code::BadValue, span, message)
}

fn output(node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Output {
    let dir = lower_shot::filled(node, "dir");
    if let Some(dir) = &dir
        && (dir.value.contains("{{") || dir.value.contains("{%"))
    {
        diagnostics.push(
            Diagnostic::error(Code::BadValue, dir.span, "`output.dir` takes no templates")
                .help("`output.file` does, and may name folders: `{{ shot.id }}/take.mp4`"),
        );
    }
    Output {
        dir,
        file: lower_shot::filled(node, "file"),
    }
}

fn price(node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Option<PriceOverride> {
    let price = node.get("price").and_then(|n| money(n, diagnostics));
    Some(PriceOverride {
        model: node.get("model")?.spanned_text()?,
        resolution: node.get("resolution")?.spanned_text()?,
        duration: node.get("duration").and_then(unsigned)?,
        price: price?,
    })
}
