//! Which shots a command is about: `--only`, `--changed`, `--failed`, `--force`,
//! `--shard`.
//!
//! Owns the order: an expression is read with the manifest, and judged at once
//! if it asks for names alone. If it asks what became of shots, everything is
//! planned first, that is judged, and only then what is chosen is planned.
//! Never pays and never writes.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use crate::check::CheckedShot;
use crate::cli::args::{ManifestArgs, ResultsArgs};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::Loaded;
use crate::cli::{checks, plan as plan_command, prepare, status};
use crate::diag::{SourceFile, SourceId, Sources};
use crate::event::{Decision, RunPart, Shard, ShotFacts};
use crate::id::{RunId, ShotId};
use crate::ledger::{AttemptStanding, Records};
use crate::plan::shard::deal;
use crate::plan::{self, Context, Plan};
use crate::select::{self, Asked, Candidate, Expr, Past};
use crate::shot::Shot;
use crate::store::Store;

/// What was asked for on the command line.
#[derive(Debug, Default)]
pub(super) struct Selection {
    only: Vec<Written>,
    /// What `--changed` and `--failed` stand for.
    flags: Vec<(&'static str, Expr)>,
    force: Vec<Written>,
    shard: Option<Shard>,
    /// The shots of the shard, selected or not.
    dealt: HashSet<ShotId>,
    /// Shots that can be named although the manifest may not have them any more.
    known: Vec<ShotId>,
    /// Every shot of the manifest; empty where nothing is asked for.
    shots: Vec<Candidate>,
}

/// An expression and its text among the sources.
#[derive(Debug)]
struct Written {
    expr: Expr,
    text: SourceId,
}

impl Selection {
    /// Reads the expressions; a mistake in one is a mistake of the command line.
    pub(super) fn read(
        args: &ManifestArgs,
        force: &[String],
        known: &[ShotId],
        sources: &mut Sources,
    ) -> Result<Self, CliError> {
        let mut flags = Vec::new();
        if args.changed {
            flags.push(("--changed", Expr::Changed));
        }
        if args.failed {
            flags.push(("--failed", Expr::Failed));
        }
        Ok(Self {
            only: written("--only", &args.only, sources)?,
            flags,
            force: written("--force", force, sources)?,
            shard: args.shard,
            dealt: HashSet::new(),
            known: known.to_vec(),
            shots: Vec::new(),
        })
    }

    /// Whether every shot is meant, because nobody said otherwise.
    pub(super) fn is_everything(&self) -> bool {
        self.only.is_empty() && self.flags.is_empty() && self.shard.is_none()
    }

    /// Takes the shots of the manifest in. Names that none of them has are
    /// mistakes, unless `excused` because shots may be missing.
    pub(super) fn over(
        &mut self,
        shots: &[Shot],
        checked: &[CheckedShot],
        sources: &Sources,
        excused: bool,
    ) -> Result<(), CliError> {
        if self.is_everything() && self.force.is_empty() {
            return Ok(());
        }
        self.shots = candidates(shots, checked);
        if let Some(shard) = self.shard {
            self.dealt = deal(checked, shard);
        }
        let there: HashSet<&ShotId> = shots.iter().map(|shot| &shot.id).collect();
        let gone = self.known.iter().filter(|id| !there.contains(id));
        self.shots.extend(gone.map(bare));
        let written = self.only.iter().chain(&self.force);
        let unknown: Vec<_> = written
            .flat_map(|written| select::unknown(&written.expr, &self.shots, written.text))
            .collect();
        if unknown.is_empty() || excused {
            return Ok(());
        }
        Err(CliError::in_text(Exit::NothingSelected, unknown, sources))
    }

    /// Whether what became of shots in earlier runs decides on what is meant.
    pub(super) fn asks_the_past(&self) -> bool {
        let written = self.only.iter().chain(&self.force);
        !self.flags.is_empty() || { written }.any(|written| written.expr.asks_the_past())
    }

    /// The chosen shots; `None` for all of them.
    pub(super) fn chosen(&self) -> Option<HashSet<ShotId>> {
        if self.is_everything() {
            return None;
        }
        let mut chosen = self.named(&self.meant());
        if self.shard.is_some() {
            chosen.retain(|id| self.dealt.contains(id));
        }
        Some(chosen)
    }

    /// Which shots are meant, of all shards.
    fn meant(&self) -> Vec<bool> {
        let mut verdict = if self.only.is_empty() {
            vec![true; self.shots.len()]
        } else {
            self.any_of(&self.only)
        };
        for (_, flag) in &self.flags {
            let meant = select::judge(flag, &self.shots);
            for (all, one) in verdict.iter_mut().zip(meant) {
                *all &= one;
            }
        }
        verdict
    }

    /// Every shot that is meant, of all shards, in the order of the manifest; none
    /// where all of them are in one part.
    fn film(&self) -> Vec<ShotId> {
        if self.shard.is_none() {
            return Vec::new();
        }
        let verdict = self.meant();
        let meant = self.shots.iter().zip(&verdict).filter(|(_, meant)| **meant);
        meant.map(|(shot, _)| shot.id.clone()).collect()
    }

    /// What a run is a part of, under the name that its parts share.
    pub(super) fn part(&self, named: Option<&RunId>, own: &RunId) -> Option<RunPart> {
        if named.is_none() && self.shard.is_none() {
            return None;
        }
        Some(RunPart {
            of: named.unwrap_or(own).clone(),
            shard: self.shard,
            film: self.film(),
            missing: Vec::new(),
        })
    }

    /// How much of what is meant is in the shard; `None` where there is none.
    pub(super) fn share(&self) -> Option<String> {
        let shard = self.shard?;
        let film = self.film();
        let own = film.iter().filter(|id| self.dealt.contains(id)).count();
        Some(match (own, film.len()) {
            (0, all) => format!("shard {shard} has none of {all} shots: there is nothing to do"),
            (own, all) => format!("shard {shard}: {own} of {all} shots"),
        })
    }

    /// The shots of which another take is wanted, all of them chosen.
    fn forced(&self, chosen: Option<&HashSet<ShotId>>) -> HashSet<ShotId> {
        let mut forced = self.named(&self.any_of(&self.force));
        forced.retain(|id| chosen.is_none_or(|chosen| chosen.contains(id)));
        forced
    }

    fn any_of(&self, written: &[Written]) -> Vec<bool> {
        let mut verdict = vec![false; self.shots.len()];
        for written in written {
            let meant = select::judge(&written.expr, &self.shots);
            for (all, one) in verdict.iter_mut().zip(meant) {
                *all |= one;
            }
        }
        verdict
    }

    fn named(&self, verdict: &[bool]) -> HashSet<ShotId> {
        let meant = self.shots.iter().zip(verdict).filter(|(_, meant)| **meant);
        meant.map(|(shot, _)| shot.id.clone()).collect()
    }

    /// Takes in what became of shots, and what would be done with them.
    fn learn(&mut self, plan: &Plan, records: &Records) {
        let told = plan.facts.shots.iter().filter(|shot| !shot.earlier);
        let told: HashMap<&ShotId, &ShotFacts> = told.map(|shot| (&shot.id, shot)).collect();
        for shot in &mut self.shots {
            let facts = told.get(&shot.id);
            shot.past = facts.map(|facts| past(facts, records));
        }
    }

    /// The error of a sound choice that means no shot.
    fn nothing(&self) -> CliError {
        let mut asked: Vec<String> = Vec::new();
        for written in &self.only {
            asked.push(format!("`--only {}`", written.expr));
        }
        if asked.is_empty() && self.flags.is_empty() {
            return CliError::new(Exit::NothingSelected, "the manifest has no shot");
        }
        asked.extend(self.flags.iter().map(|(flag, _)| format!("`{flag}`")));
        CliError::new(
            Exit::NothingSelected,
            format!("no shot is selected by {}", asked.join(" and ")),
        )
        .advice("`runner status FILE` and `runner plan FILE` say where every shot stands")
    }
}

fn written(flag: &str, texts: &[String], sources: &mut Sources) -> Result<Vec<Written>, CliError> {
    let read = |text: &String| {
        let id = sources.add(SourceFile::typed(flag, text));
        match select::parse(text, id) {
            Ok(expr) => Ok(Written { expr, text: id }),
            Err(mistake) => Err(CliError::in_text(Exit::Usage, vec![*mistake], sources)),
        }
    };
    texts.iter().map(read).collect()
}

fn candidates(shots: &[Shot], checked: &[CheckedShot]) -> Vec<Candidate> {
    let checked: HashMap<&ShotId, &CheckedShot> =
        checked.iter().map(|shot| (&shot.id, shot)).collect();
    let of = |shot: &Shot| Candidate {
        id: shot.id.clone(),
        scene: shot.scene.clone(),
        tags: shot.tags.clone(),
        request: checked.get(&shot.id).map(|checked| Asked {
            model: checked.request.model().to_owned(),
            mode: checked.request.mode(),
            depends_on: checked.request.depends_on(),
        }),
        past: None,
    };
    shots.iter().map(of).collect()
}

/// A shot of which nothing but the name is known.
fn bare(id: &ShotId) -> Candidate {
    Candidate {
        id: id.clone(),
        scene: None,
        tags: Vec::new(),
        request: None,
        past: None,
    }
}

fn past(facts: &ShotFacts, records: &Records) -> Past {
    let latest = records.latest_of_shot(&facts.id).map(|record| record.state);
    let came_to_nothing = matches!(
        latest,
        Some(AttemptStanding::Failed | AttemptStanding::Refused)
    );
    Past {
        status: status::state_of(facts, records),
        decision: facts.decision,
        failed: came_to_nothing && facts.decision != Decision::Reuse,
    }
}

/// Plans what is chosen. `context` knows of no choice yet.
pub(super) fn plan(
    loaded: &mut Loaded,
    records: &Records,
    mut context: Context,
) -> Result<Plan, CliError> {
    if loaded.undecided {
        let mut all = plan::plan(loaded.shots.clone(), context);
        checks::recall(loaded.examiner.as_ref(), &mut all);
        loaded.selection.learn(&all, records);
        context = all.into_context();
        settle(loaded)?;
    }
    let selection = &loaded.selection;
    context.force = selection.forced(loaded.selected.as_ref());
    // What is to be made again may be another shard's.
    let named_none = selection.shard.is_none() || selection.forced(None).is_empty();
    if context.force.is_empty() && !selection.force.is_empty() && named_none {
        let message = "`--force` names none of the selected shots";
        return Err(CliError::new(Exit::NothingSelected, message)
            .advice("choose the shot with --only too, or leave --only out"));
    }
    context.selected.clone_from(&loaded.selected);
    let mut plan = plan::plan(std::mem::take(&mut loaded.shots), context);
    checks::recall(loaded.examiner.as_ref(), &mut plan);
    Ok(plan)
}

/// Decides which shots are meant, now that all is known that was asked for.
pub(super) fn settle(loaded: &mut Loaded) -> Result<(), CliError> {
    loaded.selected = loaded.selection.chosen();
    loaded.undecided = false;
    let nothing = loaded.selected.as_ref().is_some_and(HashSet::is_empty);
    // A shard may have none of what is meant: others have it.
    let meant = loaded.selection.shard.is_some() && loaded.selection.meant().contains(&true);
    if nothing && !meant && !loaded.has_errors() {
        return Err(loaded.selection.nothing());
    }
    Ok(())
}

/// Decides for a command that has no use of the ledger itself, by looking into it.
pub(super) fn look(loaded: &mut Loaded, out: Option<&PathBuf>) -> Result<(), CliError> {
    if !loaded.undecided {
        return Ok(());
    }
    let (Some(manifest), Some(target)) = (loaded.manifest.take(), loaded.target.clone()) else {
        return Ok(());
    };
    let folder = prepare::output_folder(loaded, &manifest, &target, out);
    let store = Store::open_read(&folder).map_err(prepare::store_error)?;
    let records = plan_command::read_records(&store)?;
    let results = ResultsArgs::default();
    let shots = loaded.shots.clone();
    let looked = prepare::plan(loaded, &manifest, &target, &results, &store, &records, None);
    loaded.shots = shots;
    loaded.manifest = Some(manifest);
    looked.map(drop)
}
