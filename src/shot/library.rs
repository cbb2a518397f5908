//! Texts of the author's by name: fragments, and what characters look like.
//!
//! Owns their rendering where a template uses them, with what that template
//! sees, and the limits on all rendering of a manifest. Never words a mistake;
//! an error carries the name and the scope of the text that it came from.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use minijinja::value::{Enumerator, Object, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, Template};

use crate::diag::{Code, Diagnostic, Span};
use crate::manifest::Manifest;
use crate::shot::growth;
use crate::shot::scope::Scope;
use crate::shot::template::{FUEL, Limited, MAX_OUTPUT, TOTAL_FUEL, TOTAL_OUTPUT, Written};
use crate::shot::tokens::{Token, blocks};

/// What templates call the two kinds.
pub(super) const FRAGMENTS: &str = "fragments";
pub(super) const CHARACTERS: &str = "characters";

/// Most texts that use each other, one inside the other.
const MAX_DEPTH: usize = 16;

/// One of the texts.
#[derive(Debug)]
struct Snippet {
    text: String,
    span: Span,
    name: Span,
    params: Vec<String>,
    /// Told to be wrong; counts as empty, so that nobody has to hear it again.
    broken: bool,
}

/// Every text by `fragments.NAME` and `characters.NAME`.
#[derive(Debug)]
pub(super) struct Library {
    env: Environment<'static>,
    snippets: HashMap<String, Snippet>,
    /// In the order of the manifest.
    names: Vec<String>,
    fuel_left: AtomicU64,
    output_left: AtomicUsize,
    depth: AtomicUsize,
}

/// Why a text is no template.
pub(super) enum Fault {
    Refused(growth::Refusal),
    Syntax(Error),
}

/// An error in a text that another one uses.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) key: String,
    pub(super) scope: Scope,
    pub(super) error: Error,
}

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` does not work", self.key)
    }
}

impl std::error::Error for Inside {}

impl Library {
    /// The texts of a manifest in a template language; what is no template is
    /// handed back.
    pub(super) fn new(
        manifest: &Manifest,
        env: Environment<'static>,
    ) -> (Self, Vec<(String, Fault)>) {
        let mut library = Self {
            env,
            snippets: HashMap::new(),
            names: Vec::new(),
            fuel_left: AtomicU64::new(TOTAL_FUEL),
            output_left: AtomicUsize::new(TOTAL_OUTPUT),
            depth: AtomicUsize::new(0),
        };
        let fragments = manifest.fragments.iter().map(|one| {
            let key = format!("{FRAGMENTS}.{}", one.name.value);
            (key, &one.name, &one.params[..], &one.text)
        });
        let characters = manifest.characters.iter().filter_map(|one| {
            let key = format!("{CHARACTERS}.{}", one.name.value);
            Some((key, &one.name, &[][..], one.text.as_ref()?))
        });
        let mut faults = Vec::new();
        for (key, name, params, text) in fragments.chain(characters) {
            let fault = library.compile(&key, &text.value);
            let snippet = Snippet {
                text: text.value.clone(),
                span: text.span,
                name: name.span,
                params: params.to_vec(),
                broken: fault.is_some(),
            };
            faults.extend(fault.map(|fault| (key.clone(), fault)));
            library.names.push(key.clone());
            library.snippets.insert(key, snippet);
        }
        (library, faults)
    }

    fn compile(&mut self, key: &str, text: &str) -> Option<Fault> {
        if let Err(refusal) = growth::check(text, MAX_OUTPUT) {
            return Some(Fault::Refused(refusal));
        }
        let added = self.env.add_template_owned(key.to_owned(), text.to_owned());
        added.err().map(Fault::Syntax)
    }

    pub(super) fn env(&self) -> &Environment<'static> {
        &self.env
    }

    pub(super) fn is_empty(&self) -> bool {
        self.snippets.is_empty()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.snippets.contains_key(key)
    }

    /// A text with its place, and its template.
    pub(super) fn get(&self, key: &str) -> Option<(Written<'_>, Template<'_, '_>)> {
        let template = self.env.get_template(key).ok()?;
        Some((self.written(key)?, template))
    }

    pub(super) fn written(&self, key: &str) -> Option<Written<'_>> {
        let snippet = self.snippets.get(key)?;
        Some(Written {
            text: &snippet.text,
            span: snippet.span,
        })
    }

    /// Whether all that the templates of a manifest may take is spent.
    pub(super) fn is_spent(&self) -> bool {
        let fuel = self.fuel_left.load(Ordering::Relaxed);
        fuel == 0 || self.output_left.load(Ordering::Relaxed) == 0
    }

    /// Renders any template within the limits of the manifest.
    pub(super) fn run(&self, template: &Template<'_, '_>, scope: &Scope) -> Result<String, Error> {
        let left = self.output_left.load(Ordering::Relaxed);
        let mut output = Limited {
            bytes: Vec::new(),
            limit: MAX_OUTPUT.min(left),
        };
        let outcome = template.render_captured_to(scope.value(), &mut output);
        let used = match &outcome {
            Ok(captured) => captured.state().fuel_levels().map_or(0, |(used, _)| used),
            Err(_) => FUEL,
        };
        let fuel = self.fuel_left.load(Ordering::Relaxed);
        // Only one thread renders; another one could at worst spend a little more.
        self.fuel_left
            .store(fuel.saturating_sub(used), Ordering::Relaxed);
        self.output_left
            .store(left.saturating_sub(output.bytes.len()), Ordering::Relaxed);
        outcome?;
        Ok(String::from_utf8_lossy(&output.bytes).into_owned())
    }

    fn use_text(&self, key: &str, scope: &Scope, args: &[Value]) -> Result<Value, Error> {
        let Some(snippet) = self.snippets.get(key) else {
            let message = format!("`{key}` is undefined");
            return Err(Error::new(ErrorKind::UndefinedError, message));
        };
        if snippet.broken {
            return Ok(Value::from(""));
        }
        check_arguments(key, &snippet.params, args)?;
        if self.depth.load(Ordering::Relaxed) >= MAX_DEPTH || self.is_spent() {
            let message =
                format!("fragments use each other more than {MAX_DEPTH} deep, or too often");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
        let given = snippet.params.iter().cloned().zip(args.iter().cloned());
        let scope = scope.given(given.collect());
        self.depth.fetch_add(1, Ordering::Relaxed);
        let rendered = self
            .env
            .get_template(key)
            .and_then(|template| self.run(&template, &scope));
        self.depth.fetch_sub(1, Ordering::Relaxed);
        rendered.map(Value::from).map_err(|error| {
            let key = key.to_owned();
            let inside = Inside { key, scope, error };
            Error::new(ErrorKind::InvalidOperation, inside.to_string()).with_source(inside)
        })
    }

    /// Texts that use themselves, each circle once; they count as empty.
    pub(super) fn break_cycles(&mut self) -> Vec<Diagnostic> {
        let mut uses: HashMap<&str, HashSet<&str>> = HashMap::new();
        for key in &self.names {
            let found = used(&self.snippets[key].text);
            let known = found
                .iter()
                .filter_map(|other| self.snippets.get_key_value(other));
            uses.insert(key, known.map(|(other, _)| other.as_str()).collect());
        }
        let tangled = tangled(&self.names, &uses);
        let mut told: HashSet<String> = HashSet::new();
        let mut found = Vec::new();
        for &start in &tangled.list {
            let mut way: Vec<&str> = vec![start];
            let circle = loop {
                let last = way[way.len() - 1];
                let next = self.names.iter().map(String::as_str);
                let mut next =
                    next.filter(|name| tangled.set.contains(name) && uses[last].contains(name));
                let Some(next) = next.next() else { break None };
                if let Some(at) = way.iter().position(|seen| *seen == next) {
                    break Some(way.split_off(at));
                }
                if told.contains(next) {
                    break None;
                }
                way.push(next);
            };
            let Some(circle) = circle.filter(|circle| !told.contains(circle[0])) else {
                continue;
            };
            told.extend(circle.iter().map(|name| (*name).to_owned()));
            found.push(self.circle(&circle));
        }
        for key in told {
            if let Some(snippet) = self.snippets.get_mut(&key) {
                snippet.broken = true;
            }
        }
        found
    }

    fn circle(&self, names: &[&str]) -> Diagnostic {
        let first = &self.snippets[names[0]];
        let message = format!("`{}` uses itself", names[0]);
        let cycle = Diagnostic::error(Code::Cycle, first.name, message);
        match names {
            [_] | [] => cycle.help("leave its own name out of it"),
            [first, rest @ ..] => {
                let way = rest.join("`, which uses `");
                cycle
                    .note(format!("`{first}` uses `{way}`, which uses `{first}`"))
                    .help("write one of them without the other")
            }
        }
    }
}

struct Tangled<'n> {
    list: Vec<&'n str>,
    set: HashSet<&'n str>,
}

/// The names that use themselves, or one that does: what is left when those
/// are taken away that use nothing, again and again.
fn tangled<'n>(names: &'n [String], uses: &HashMap<&'n str, HashSet<&'n str>>) -> Tangled<'n> {
    let mut users: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut open: HashMap<&str, usize> = HashMap::new();
    let mut free = Vec::new();
    for name in names {
        let used = &uses[name.as_str()];
        open.insert(name, used.len());
        free.extend(used.is_empty().then_some(name.as_str()));
        for other in used {
            users.entry(other).or_default().push(name);
        }
    }
    while let Some(name) = free.pop() {
        for user in users.get(name).into_iter().flatten() {
            if let Some(count) = open.get_mut(user) {
                *count -= 1;
                free.extend((*count == 0).then_some(*user));
            }
        }
    }
    let left = names.iter().map(String::as_str);
    let list: Vec<&str> = left.filter(|name| open[name] > 0).collect();
    Tangled {
        set: list.iter().copied().collect(),
        list,
    }
}

/// The names of other texts in a text.
fn used(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for block in blocks(text) {
        for three in block.tokens.windows(3) {
            if let [Token::Word(space), Token::Sign("."), Token::Word(name)] = three
                && [FRAGMENTS, CHARACTERS].contains(space)
            {
                found.push(format!("{space}.{name}"));
            }
        }
    }
    found
}

fn check_arguments(key: &str, params: &[String], args: &[Value]) -> Result<(), Error> {
    if params.len() != args.len() {
        let example: Vec<String> = params.iter().map(|param| format!("'{param}'")).collect();
        let message = match params.len() {
            0 => format!("`{key}` takes nothing in brackets"),
            _ => format!("`{key}` is written `{key}({})`", example.join(", ")),
        };
        return Err(Error::new(ErrorKind::InvalidOperation, message));
    }
    for value in args {
        let plain = match value.kind() {
            ValueKind::String => value.as_str().is_some_and(|text| text.len() <= MAX_OUTPUT),
            ValueKind::Number | ValueKind::Bool => true,
            _ => false,
        };
        if !plain {
            let message = format!("`{key}` takes texts and numbers");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
    }
    Ok(())
}

/// One kind of texts as a template sees it.
#[derive(Debug)]
struct Space {
    library: Arc<Library>,
    scope: Scope,
    name: &'static str,
}

/// `fragments` or `characters` for templates of a scope.
pub(super) fn space(library: &Arc<Library>, scope: Scope, name: &'static str) -> Value {
    Value::from_object(Space {
        library: library.clone(),
        scope,
        name,
    })
}

impl Object for Space {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = format!("{}.{}", self.name, key.as_str()?);
        if !self.library.has(&key) {
            return None;
        }
        let text = self.library.use_text(&key, &self.scope, &[]);
        Some(text.unwrap_or_else(Value::from))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let own = |key: &String| {
            let (space, name) = key.split_once('.')?;
            (space == self.name).then(|| Value::from(name))
        };
        Enumerator::Values(self.library.names.iter().filter_map(own).collect())
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let key = format!("{}.{method}", self.name);
        self.library.use_text(&key, &self.scope, args)
    }
}
