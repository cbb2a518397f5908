//! What single shots have otherwise, by their ids.
//!
//! Owns which override is for which shot. Never says what a setting becomes.

use std::cell::Cell;
use std::collections::HashMap;

use crate::diag::{Code, Diagnostic, Spanned, suggest};
use crate::id::ShotId;
use crate::shot::assemble::{Assembly, Made};
use crate::shot::findings::Findings;
use crate::shot::pieces::Layer;

/// Most overrides with `*`: each costs a look at every shot.
const MAX_PATTERNS: usize = 1_000;

/// Most overrides without a shot that are explained: each costs a look at every shot.
const MAX_MISSED: usize = 200;

struct Override<'a> {
    target: &'a Spanned<String>,
    layer: Layer<'a>,
    used: Cell<bool>,
}

/// Every override of a manifest, compiled.
pub(super) struct Overrides<'a> {
    list: Vec<Override<'a>>,
    exact: HashMap<&'a str, Vec<usize>>,
    /// What ids begin with.
    patterns: Vec<(&'a str, usize)>,
}

impl<'a> Overrides<'a> {
    pub(super) fn new(assembly: &Assembly<'a>, findings: &mut Findings) -> Self {
        let mut overrides = Self {
            list: Vec::new(),
            exact: HashMap::new(),
            patterns: Vec::new(),
        };
        let largest = assembly.scopes.film.largest();
        for one in &assembly.manifest.overrides {
            let number = overrides.list.len();
            match one.target.value.strip_suffix('*') {
                Some(_) if overrides.patterns.len() == MAX_PATTERNS => {
                    let message =
                        format!("a manifest has {MAX_PATTERNS} overrides with `*` at most");
                    findings.push(Diagnostic::error(Code::TooLarge, one.target.span, message));
                    continue;
                }
                Some(beginning) => overrides.patterns.push((beginning, number)),
                None => {
                    let exact = overrides.exact.entry(&one.target.value);
                    exact.or_default().push(number);
                }
            }
            overrides.list.push(Override {
                target: &one.target,
                layer: assembly.layer(&one.settings, false, largest, findings),
                used: Cell::new(false),
            });
        }
        overrides
    }

    /// What is said for a shot, the last word first.
    pub(super) fn of(&self, id: &ShotId) -> Vec<&Layer<'a>> {
        let exact = self.exact.get(id.as_str()).into_iter().flatten().copied();
        let patterns = self.patterns.iter();
        let patterns = patterns.filter(|(beginning, _)| id.as_str().starts_with(beginning));
        let mut found: Vec<usize> = exact.chain(patterns.map(|(_, number)| *number)).collect();
        found.sort_unstable_by(|one, other| other.cmp(one));
        let said = found.into_iter().map(|number| &self.list[number]);
        said.inspect(|one| one.used.set(true))
            .map(|one| &one.layer)
            .collect()
    }

    /// Tells of overrides for shots that are not there.
    pub(super) fn unused(&self, made: &[Made], findings: &mut Findings) {
        let idle = self.list.iter().filter(|one| !one.used.get());
        for one in idle.take(MAX_MISSED) {
            let name = &one.target.value;
            let message = match name.strip_suffix('*') {
                Some(_) => format!("no id of a shot begins so: `{name}`"),
                None => format!("there is no shot `{name}`"),
            };
            let diagnostic = Diagnostic::error(Code::UnknownShot, one.target.span, message);
            let near = suggest(name, made.iter().map(|made| made.id.as_str()));
            findings.push(match near {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help("`runner check FILE` lists the ids"),
            });
        }
    }
}
