//! A plan and its ledger → the cards of a film, and where its videos are.
//!
//! Owns the order of shots and what is said of each. Opens no video.

use std::collections::HashMap;
use std::time::Duration;

use super::pictures::Footage;
use crate::cli::args::SheetArgs;
use crate::cli::load::Loaded;
use crate::cli::status;
use crate::event::{Decision, ShotFacts, Verdict, Video};
use crate::id::ShotId;
use crate::ledger::Records;
use crate::plan::Plan;
use crate::report::sheet::{Card, Film, State, Tone, camera_commands};
use crate::spec::Spec;
use crate::store::Store;

/// A film with its videos; both lists have an entry for each shot.
pub(super) struct Reel {
    pub(super) film: Film,
    pub(super) videos: Vec<Option<Video>>,
    pub(super) footage: Vec<Option<Footage>>,
}

/// Places in the storyboard, from 1; `--only` changes none.
pub(super) fn numbers(loaded: &Loaded) -> HashMap<ShotId, usize> {
    let ids = loaded.shots.iter().map(|shot| shot.id.clone());
    ids.zip(1..).collect()
}

impl Reel {
    pub(super) fn new(
        (args, whole): (&SheetArgs, bool),
        numbers: &HashMap<ShotId, usize>,
        plan: &Plan,
        records: &Records,
        store: &Store,
    ) -> Self {
        let mut reel = Self {
            film: Film {
                title: title(args),
                cards: Vec::new(),
            },
            videos: Vec::new(),
            footage: Vec::new(),
        };
        let mut start = Duration::ZERO;
        for shot in plan.facts.shots.iter().filter(|shot| !shot.earlier) {
            let mut card = card(shot, records);
            card.number = numbers.get(&shot.id).copied().unwrap_or_default();
            card.start = whole.then_some(start);
            start += card.length;
            reel.footage
                .push(shot.existing.as_ref().map(|video| Footage {
                    path: store.layout().path(&video.path),
                    length: card.length,
                }));
            reel.film.cards.push(card);
            reel.videos.push(shot.existing.clone());
        }
        reel
    }
}

/// As typed, or the manifest's name.
fn title(args: &SheetArgs) -> String {
    let name = || {
        let stem = args.manifest.manifest.file_stem();
        stem.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    };
    args.title.clone().unwrap_or_else(name)
}

fn card(shot: &ShotFacts, records: &Records) -> Card {
    let word = status::state_of(shot, records).as_str();
    let there = shot.existing.as_ref();
    Card {
        number: 0,
        id: shot.id.to_string(),
        model: shot.model.clone(),
        mode: shot.mode.clone(),
        resolution: shot.resolution.clone(),
        length: there.map_or(Duration::from_secs(shot.seconds.into()), |video| {
            Duration::from_millis(video.duration_ms)
        }),
        start: None,
        state: State {
            word: word.to_owned(),
            tone: tone(word),
            reason: reason(shot),
        },
        prompt: shot.prompt.clone(),
        camera: camera_commands(&shot.prompt, Spec::bundled()),
        size: there.map(|video| (video.width, video.height)),
    }
}

/// Why there is no video; plans say of most that they are new.
fn reason(shot: &ShotFacts) -> String {
    match (&shot.existing, shot.decision) {
        (Some(_), _) => {
            let reasons = shot.verdict.as_ref().map(Verdict::reasons);
            reasons.unwrap_or_default().join("; ")
        }
        (None, Decision::Create) if shot.reason == "new" => "`runner apply` makes it".to_owned(),
        (None, _) => shot.reason.clone(),
    }
}

/// How the words of `status` are taken.
fn tone(word: &str) -> Tone {
    match word {
        "saved" => Tone::Good,
        "unchecked" | "not made" | "running" | "finished" | "file gone" => Tone::Waiting,
        _ => Tone::Trouble,
    }
}
