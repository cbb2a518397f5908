//! What a template can see.
//!
//! Owns the names: every variable at the top level, and again under `vars`;
//! `matrix`, `row`, `scene` and `shot` for the combination at hand, and the texts
//! of the `library`. Never renders.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use minijinja::value::{Object, Value};

use crate::diag::suggest;
use crate::shot::library::{self, CHARACTERS, FRAGMENTS, Library};

/// The variables of a manifest, or of a scene before those of its manifest.
#[derive(Debug, Default, Clone)]
pub(super) struct Vars {
    /// In the order of the manifest.
    list: Vec<(String, Value)>,
    places: HashMap<String, usize>,
    /// Every name that is declared; those not in `list` come later.
    declared: Arc<Vec<String>>,
    /// Those that are seen where no own one has the name.
    outer: Option<Arc<Vars>>,
    /// All of them as one mapping, made when a template first asks for it.
    all: OnceLock<Value>,
    /// Bytes of the longest text in them.
    pub(super) largest: usize,
}

impl Vars {
    /// None yet of some variables, in the order of the manifest.
    pub(super) fn new(declared: Vec<String>) -> Self {
        Self {
            declared: Arc::new(declared),
            ..Self::default()
        }
    }

    /// None yet of some variables that come before others.
    pub(super) fn inside(outer: Arc<Self>, declared: Vec<String>) -> Self {
        Self {
            declared: Arc::new(declared),
            largest: outer.largest,
            outer: Some(outer),
            ..Self::default()
        }
    }

    pub(super) fn insert(&mut self, name: &str, value: Value) {
        self.places.insert(name.to_owned(), self.list.len());
        self.list.push((name.to_owned(), value));
        self.all = OnceLock::new();
    }

    fn get(&self, name: &str) -> Option<&Value> {
        match self.places.get(name) {
            Some(&place) => Some(&self.list[place].1),
            None => self.outer.as_ref()?.get(name),
        }
    }

    /// Outer ones first, so that an own one of the same name counts.
    fn pairs(&self) -> Vec<(&str, &Value)> {
        let mut pairs = self
            .outer
            .as_ref()
            .map_or_else(Vec::new, |vars| vars.pairs());
        pairs.extend(self.list.iter().map(|(name, value)| (name.as_str(), value)));
        pairs
    }

    fn all(&self) -> Value {
        let pairs = || {
            self.pairs()
                .into_iter()
                .map(|(name, value)| (name, value.clone()))
        };
        self.all.get_or_init(|| Value::from_pairs(pairs())).clone()
    }
}

/// The names of one combination.
#[derive(Debug, Clone)]
pub(super) struct Scope(Arc<Names>);

/// What belongs to the shot at hand.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) matrix: Value,
    pub(super) shot: Value,
    pub(super) scene: Value,
    pub(super) row: Value,
    /// Texts that templates can use.
    pub(super) library: Option<Arc<Library>>,
}

impl Default for Local {
    fn default() -> Self {
        let nothing = || Value::from_pairs(Vec::<(String, Value)>::new());
        Self {
            matrix: nothing(),
            shot: nothing(),
            scene: nothing(),
            row: nothing(),
            library: None,
        }
    }
}

#[derive(Debug)]
struct Names {
    vars: Arc<Vars>,
    local: Local,
    /// What a text that takes names was given for them.
    given: Vec<(String, Value)>,
}

impl Scope {
    /// A scope with variables alone.
    pub(super) fn new(vars: impl Into<Arc<Vars>>) -> Self {
        Self::of(vars.into(), Local::default(), Vec::new())
    }

    fn of(vars: Arc<Vars>, local: Local, given: Vec<(String, Value)>) -> Self {
        Self(Arc::new(Names { vars, local, given }))
    }

    /// The same, with values for the names that a text takes; those of the text
    /// that uses it are not seen.
    pub(super) fn given(&self, given: Vec<(String, Value)>) -> Self {
        Self::of(self.0.vars.clone(), self.0.local.clone(), given)
    }

    /// The same variables beside one combination.
    pub(super) fn with(&self, local: Local) -> Self {
        Self::of(self.0.vars.clone(), local, Vec::new())
    }

    pub(super) fn vars(&self) -> Arc<Vars> {
        self.0.vars.clone()
    }

    /// Bytes of the longest text among the variables.
    pub(super) fn largest(&self) -> usize {
        self.0.vars.largest
    }

    /// The scope as the template engine takes it.
    pub(super) fn value(&self) -> Value {
        Value::from_dyn_object(self.0.clone())
    }

    /// The length of the part of a dotted name that is not there.
    pub(super) fn missing(&self, path: &str) -> Option<usize> {
        let mut steps = path.splitn(3, '.');
        if let (Some(FRAGMENTS | CHARACTERS), Some(name)) = (steps.next(), steps.next())
            && let Some(library) = &self.0.local.library
        {
            let end = path.find(name)? + name.len();
            return (!library.has(&path[..end])).then_some(end);
        }
        let mut value = self.value();
        let mut len = 0;
        for step in path.split('.') {
            len += step.len() + usize::from(len > 0);
            value = match value.get_attr(step) {
                Ok(next) if !next.is_undefined() => next,
                _ => return Some(len),
            };
        }
        None
    }

    /// What to say of a variable that is declared, but not before its use.
    pub(super) fn too_early(&self, name: &str) -> Option<(String, String)> {
        let name = name.strip_prefix("vars.").unwrap_or(name);
        let vars = &self.0.vars;
        let later = vars.declared.get(vars.list.len()..)?;
        let (user, others) = later.split_first()?;
        if user == name {
            let help = "write out what it stands for, or give it another name".to_owned();
            return Some((format!("`{name}` uses itself"), help));
        }
        let message = format!("`{name}` is not defined yet");
        let help = format!("`{name}` comes later; move it above `{user}`");
        others
            .iter()
            .any(|other| other == name)
            .then_some((message, help))
    }

    /// Advice for a name that is not there.
    pub(super) fn near(&self, name: &str) -> Option<String> {
        let dotted = name
            .replace("['", ".")
            .replace("[\"", ".")
            .replace(['\'', '"', ']'], "");
        let (owner, last) = match dotted.rsplit_once('.') {
            Some((owner, last)) => (Some(owner.to_owned()), last.to_owned()),
            None => (None, dotted),
        };
        if owner.is_none() && [FRAGMENTS, CHARACTERS].contains(&last.as_str()) {
            return Some(format!(
                "`{last}` are for shots, a variable cannot use them"
            ));
        }
        let known = self.names_in(owner.as_deref())?;
        if let Some(near) = suggest(&last, known.iter().map(String::as_str)) {
            let path = owner.map_or_else(String::new, |owner| format!("{owner}."));
            return Some(format!("did you mean `{path}{near}`?"));
        }
        let elsewhere = |place: &Value| place.get_attr(&last).is_ok_and(|v| !v.is_undefined());
        if owner.is_none() && elsewhere(&self.0.local.matrix) {
            return Some(format!("did you mean `matrix.{last}`?"));
        }
        if owner.is_none() && elsewhere(&self.0.local.row) {
            return Some(format!("did you mean `row.{last}`?"));
        }
        match owner.as_deref() {
            None | Some("vars") => Some(format!("declare `{last}` under `vars`")),
            Some("row") if known.is_empty() => Some("this shot has no `foreach`".to_owned()),
            Some("matrix") if known.is_empty() => Some("this shot has no matrix".to_owned()),
            Some("scene") if known.is_empty() => Some("this shot stands in no scene".to_owned()),
            Some("scene") if last == "title" => Some("give the scene a `title`".to_owned()),
            Some(_) => None,
        }
    }

    fn names_in(&self, owner: Option<&str>) -> Option<Vec<String>> {
        let Some(owner) = owner else {
            let vars = self.0.vars.pairs().into_iter().map(|(name, _)| name);
            let own = [
                "matrix", "row", "scene", "shot", "vars", "camera", FRAGMENTS, CHARACTERS,
            ];
            let given = self.0.given.iter().map(|(name, _)| name.as_str());
            let names = given.chain(vars).chain(own);
            return Some(names.map(str::to_owned).collect());
        };
        let found = owner.split('.').try_fold(self.value(), |value, step| {
            value
                .get_attr(step)
                .ok()
                .filter(|next| !next.is_undefined())
        })?;
        let keys = found.try_iter().ok()?;
        Some(
            keys.filter_map(|key| key.as_str().map(str::to_owned))
                .collect(),
        )
    }
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        if let Some((_, value)) = self.given.iter().find(|(name, _)| name == key) {
            return Some(value.clone());
        }
        let texts = |name| {
            let library = self.local.library.as_ref()?;
            Some(library::space(library, Scope(self.clone()), name))
        };
        match key {
            "fragments" => texts(FRAGMENTS),
            "characters" => texts(CHARACTERS),
            "row" => Some(self.local.row.clone()),
            "vars" => Some(self.vars.all()),
            "matrix" => Some(self.local.matrix.clone()),
            "scene" => Some(self.local.scene.clone()),
            "shot" => Some(self.local.shot.clone()),
            name => self.vars.get(name).cloned(),
        }
    }
}
