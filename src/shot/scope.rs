//! What a template can see.
//!
//! Owns the names: every variable at the top level, and again under `vars`;
//! `matrix` and `shot` for the combination at hand. Never renders.

use std::collections::HashMap;
use std::sync::Arc;

use minijinja::value::{Object, Value};

use crate::diag::suggest;

/// The variables of a manifest, evaluated.
#[derive(Debug, Default, Clone)]
pub(super) struct Vars {
    /// In the order of the manifest.
    list: Vec<(String, Value)>,
    places: HashMap<String, usize>,
    /// Every name that the manifest declares; those not in `list` come later.
    declared: Arc<Vec<String>>,
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

    pub(super) fn insert(&mut self, name: &str, value: Value) {
        self.places.insert(name.to_owned(), self.list.len());
        self.list.push((name.to_owned(), value));
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.places.get(name).map(|&place| &self.list[place].1)
    }
}

/// The names of one combination.
#[derive(Debug, Clone)]
pub(super) struct Scope(Arc<Names>);

#[derive(Debug)]
struct Names {
    vars: Arc<Vars>,
    all_vars: Value,
    matrix: Value,
    shot: Value,
}

impl Scope {
    /// A scope with variables alone.
    pub(super) fn new(vars: Vars) -> Self {
        let all_vars = vars
            .list
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()));
        let all_vars = Value::from_pairs(all_vars);
        let nothing = || Value::from_pairs(Vec::<(String, Value)>::new());
        let vars = Arc::new(vars);
        Self(Arc::new(Names {
            vars,
            all_vars,
            matrix: nothing(),
            shot: nothing(),
        }))
    }

    /// The same variables beside one combination.
    pub(super) fn with(&self, matrix: Value, shot: Value) -> Self {
        let (vars, all_vars) = (self.0.vars.clone(), self.0.all_vars.clone());
        Self(Arc::new(Names {
            vars,
            all_vars,
            matrix,
            shot,
        }))
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
        let known = self.names_in(owner.as_deref())?;
        if let Some(near) = suggest(&last, known.iter().map(String::as_str)) {
            let path = owner.map_or_else(String::new, |owner| format!("{owner}."));
            return Some(format!("did you mean `{path}{near}`?"));
        }
        let elsewhere = |place: &Value| place.get_attr(&last).is_ok_and(|v| !v.is_undefined());
        if owner.is_none() && elsewhere(&self.0.matrix) {
            return Some(format!("did you mean `matrix.{last}`?"));
        }
        match owner.as_deref() {
            None | Some("vars") => Some(format!("declare `{last}` under `vars`")),
            Some("matrix") if known.is_empty() => Some("this shot has no matrix".to_owned()),
            Some(_) => None,
        }
    }

    fn names_in(&self, owner: Option<&str>) -> Option<Vec<String>> {
        let Some(owner) = owner else {
            let vars = self.0.vars.list.iter().map(|(name, _)| name.clone());
            let own = ["matrix", "shot", "vars", "camera"].map(str::to_owned);
            return Some(vars.chain(own).collect());
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
        match key.as_str()? {
            "vars" => Some(self.all_vars.clone()),
            "matrix" => Some(self.matrix.clone()),
            "shot" => Some(self.shot.clone()),
            name => self.vars.get(name).cloned(),
        }
    }
}
