//! Which recorded answer a request gets.
//!
//! Owns the matching: a create by what it asks for, everything else by its task or
//! file; the k-th request that is the same gets the k-th answer, whatever the order in
//! which others come. Pure but for the counts.
//!
//! Two shots may ask for the same, as two takes of one idea do. Each then has the
//! answers that a shot of its name had, or else those of a shot that is no more.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::id::ShotId;
use crate::media::frames;
use crate::provider::exchange::Call;
use crate::provider::minimax::status::{Meaning, meaning};
use crate::recording::{Asked, Break, Entry, LINKS, Media, Recording};

/// A recording that is being asked.
#[derive(Debug)]
pub struct Deck {
    recording: Recording,
    groups: Vec<Group>,
    /// The groups of each skeleton.
    skeletons: HashMap<String, Vec<usize>>,
    /// The exchanges of every call but creates.
    calls: HashMap<Key, Vec<usize>>,
    /// An exchange with all of a file, by the file's name in links.
    files: HashMap<String, usize>,
    /// How each picture is shown, by every digest of it.
    pictures: HashMap<String, Value>,
    state: Mutex<State>,
}

/// Creates that ask for the same.
#[derive(Debug)]
struct Group {
    asked: Asked,
    lanes: Vec<Lane>,
}

/// The creates of one shot.
#[derive(Debug)]
struct Lane {
    shot: String,
    entries: Vec<usize>,
}

/// Everything that a call but a create is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    call: Call,
    /// The task, the file, or the name of a link.
    id: String,
    /// The part that is asked for.
    range: String,
}

#[derive(Debug, Default)]
struct State {
    /// Who has which lane of a group.
    taken: HashMap<(usize, String), usize>,
    given: HashMap<(usize, usize), usize>,
    counts: HashMap<Key, usize>,
    misses: Vec<Miss>,
}

/// A request that is not in the recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Miss {
    /// The shot.
    pub shot: String,
    /// What it asks for, media as digests.
    pub asked: Map<String, Value>,
    /// How often it is recorded for this shot: asked for once more than that.
    pub recorded: usize,
}

/// The most like a request of all that are recorded.
#[derive(Debug, Clone, Copy)]
pub struct Nearest<'d> {
    /// The shot that it was for.
    pub shot: &'d str,
    /// What it asked for.
    pub asked: &'d Map<String, Value>,
}

/// What a request gets.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given<'d> {
    /// A recorded answer.
    Entry(&'d Entry),
    /// All of a file, whichever part is asked for.
    File(&'d Entry),
    /// The recording ends before this was answered.
    End,
    /// The recording ends while the service asked to wait.
    Wait(&'d Entry),
    /// It is not in the recording.
    Miss,
}

impl Deck {
    /// Sorts what was recorded.
    pub fn new(recording: Recording) -> Self {
        let mut deck = Self {
            recording,
            groups: Vec::new(),
            skeletons: HashMap::new(),
            calls: HashMap::new(),
            files: HashMap::new(),
            pictures: HashMap::new(),
            state: Mutex::default(),
        };
        for number in 0..deck.recording.entries.len() {
            deck.sort(number);
        }
        deck
    }

    /// The recording itself.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    fn sort(&mut self, number: usize) {
        let entry = &self.recording.entries[number];
        // Nothing was sent: there is nothing to answer.
        if entry.broken == Some(Break::NotConnected) {
            return;
        }
        if entry.call == Call::Create {
            // Reading the recording refused any other.
            if let Some(asked) = entry.order() {
                let shot = entry.shot.clone().unwrap_or_default();
                self.sort_create(number, asked, shot);
            }
            return;
        }
        if let Some(file) = entry.file().filter(|_| entry.is_whole_file()) {
            self.files.entry(file).or_insert(number);
        }
        let key = key_of(entry);
        self.calls.entry(key).or_default().push(number);
    }

    fn sort_create(&mut self, number: usize, asked: Asked, shot: String) {
        for (digests, shown) in asked.pictures() {
            for digest in digests {
                let known = self.pictures.entry(digest.clone());
                known.or_insert_with(|| shown.clone());
            }
        }
        let same = self
            .skeletons
            .entry(asked.skeleton().to_owned())
            .or_default();
        let known = same.iter().find(|at| self.groups[**at].asked.is(&asked));
        let group = if let Some(at) = known {
            *at
        } else {
            same.push(self.groups.len());
            let lanes = Vec::new();
            self.groups.push(Group { asked, lanes });
            self.groups.len() - 1
        };
        let lanes = &mut self.groups[group].lanes;
        match lanes.iter_mut().find(|lane| lane.shot == shot) {
            Some(lane) => lane.entries.push(number),
            None => lanes.push(Lane {
                shot,
                entries: vec![number],
            }),
        }
    }

    /// Gives every shot whose request is known its answers, names before all else, so
    /// that it is no race who has which. Returns the places of those that have none.
    pub fn deal(&self, shots: &[(ShotId, Asked)]) -> Vec<usize> {
        let mut state = self.lock();
        let groups: Vec<Option<usize>> = shots
            .iter()
            .map(|(_, asked)| self.group_of(asked))
            .collect();
        for ((shot, _), group) in shots.iter().zip(&groups) {
            if let Some(group) = *group
                && let Some(lane) = self.named(group, shot.as_str())
            {
                state.taken.insert((group, shot.to_string()), lane);
            }
        }
        let mut missing = Vec::new();
        for (at, ((shot, _), group)) in shots.iter().zip(&groups).enumerate() {
            let lane = group.and_then(|group| self.lane(&mut state, group, shot.as_str()));
            if lane.is_none() {
                missing.push(at);
            }
        }
        missing
    }

    fn group_of(&self, asked: &Asked) -> Option<usize> {
        let groups = self.skeletons.get(asked.skeleton())?;
        let fits = |at: &usize| self.groups[*at].asked.is(asked);
        groups.iter().copied().find(fits)
    }

    /// The same for pictures as they are sent. Frames are known by their pixels, too,
    /// which are looked at where nothing else fits.
    fn group_of_sent(&self, asked: Asked, media: &[Media]) -> Result<usize, Box<Asked>> {
        if let Some(group) = self.group_of(&asked) {
            return Ok(group);
        }
        let pixels = media
            .iter()
            .map(|media| frames::digest_of_picture(&media.bytes).unwrap_or_default());
        let asked = asked.also(pixels);
        self.group_of(&asked).ok_or_else(|| Box::new(asked))
    }

    fn named(&self, group: usize, shot: &str) -> Option<usize> {
        let lanes = &self.groups[group].lanes;
        lanes.iter().position(|lane| lane.shot == shot)
    }

    /// The answers that belong to a shot: its own, or the first that nobody has.
    fn lane(&self, state: &mut State, group: usize, shot: &str) -> Option<usize> {
        let key = (group, shot.to_owned());
        if let Some(lane) = state.taken.get(&key) {
            return Some(*lane);
        }
        let others = state.taken.iter().filter(|((of, _), _)| *of == group);
        let others: HashSet<usize> = others.map(|(_, lane)| *lane).collect();
        let named = self.named(group, shot).filter(|at| !others.contains(at));
        let mut all = 0..self.groups[group].lanes.len();
        let lane = named.or_else(|| all.find(|at| !others.contains(at)))?;
        state.taken.insert(key, lane);
        Some(lane)
    }

    /// Answers a create of a shot.
    pub(super) fn create(&self, shot: &str, asked: Asked, media: &[Media]) -> Given<'_> {
        let shown = asked.shown.clone();
        let group = match self.group_of_sent(asked, media) {
            Ok(group) => group,
            Err(asked) => {
                let known = |digests: &[String]| {
                    let mut known = digests.iter().filter_map(|it| self.pictures.get(it));
                    known.next().cloned()
                };
                return self.miss(shot, asked.shown_as(known), 0);
            }
        };
        let mut state = self.lock();
        let Some(lane) = self.lane(&mut state, group, shot) else {
            drop(state);
            return self.miss(shot, shown, 0);
        };
        let entries = &self.groups[group].lanes[lane].entries;
        let given = state.given.entry((group, lane)).or_default();
        *given += 1;
        if let Some(number) = entries.get(*given - 1) {
            return Given::Entry(&self.recording.entries[*number]);
        }
        let last = entries
            .last()
            .map(|number| &self.recording.entries[*number]);
        if let Some(last) = last.filter(|entry| asks_to_wait(entry)) {
            return Given::Wait(last);
        }
        drop(state);
        self.miss(shot, shown, entries.len())
    }

    fn miss(&self, shot: &str, asked: Map<String, Value>, recorded: usize) -> Given<'_> {
        self.lock().misses.push(Miss {
            shot: shot.to_owned(),
            asked,
            recorded,
        });
        Given::Miss
    }

    /// Answers any other call. `id` is the task, the file, or what stands in a link
    /// behind [`LINKS`].
    pub(super) fn call(&self, call: Call, id: &str, range: &str) -> Given<'_> {
        let key = Key {
            call,
            id: id.to_owned(),
            range: range.to_owned(),
        };
        let numbers = self.calls.get(&key).map_or(&[][..], Vec::as_slice);
        let mut state = self.lock();
        let count = state.counts.entry(key).or_default();
        *count += 1;
        if let Some(number) = numbers.get(*count - 1) {
            return Given::Entry(&self.recording.entries[*number]);
        }
        let last = numbers
            .last()
            .map(|number| &self.recording.entries[*number]);
        match (call, last) {
            (Call::Query, Some(last)) if is_end(last) => Given::Entry(last),
            (Call::Retrieve, Some(last)) if has_link(last) => Given::Entry(last),
            (Call::Content | Call::Link, _) => {
                let file = id.split('/').next().unwrap_or_default();
                let whole = self.files.get(&crate::recording::plain(file));
                whole.map_or(Given::End, |number| {
                    Given::File(&self.recording.entries[*number])
                })
            }
            _ => Given::End,
        }
    }

    /// What was not there, in the order of shots' names.
    pub fn misses(&self) -> Vec<Miss> {
        let mut misses = self.lock().misses.clone();
        misses.sort_by(|one, other| one.shot.cmp(&other.shot));
        misses
    }

    /// The request that is most like another: that of the same shot, or else the one
    /// with the fewest fields that differ, and the words that differ least.
    pub fn nearest(&self, shot: &str, asked: &Map<String, Value>) -> Option<Nearest<'_>> {
        let lanes = |group: &Group| group.lanes.iter().any(|lane| lane.shot == shot);
        let own: Vec<&Group> = self.groups.iter().filter(|group| lanes(group)).collect();
        let among: Vec<&Group> = if own.is_empty() {
            self.groups.iter().collect()
        } else {
            own
        };
        let differing = |group: &Group| crate::plan::changes::between(&group.asked.shown, asked);
        let fewest = among.iter().map(|group| differing(group).len()).min()?;
        let closest = among
            .into_iter()
            .filter(|group| differing(group).len() == fewest)
            .take(COMPARED)
            .map(|group| (likeness(&group.asked.shown, asked), group))
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        let (_, group) = closest?;
        Some(Nearest {
            shot: &group.lanes.first()?.shot,
            asked: &group.asked.shown,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Counts, changed in single steps: a panic elsewhere cannot tear them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Requests whose words are compared before one is near enough.
const COMPARED: usize = 200;

/// How much of two prompts is the same, from 0 to 1.
fn likeness(one: &Map<String, Value>, other: &Map<String, Value>) -> f64 {
    let prompt = |request: &Map<String, Value>| {
        let prompt = request.get("prompt").and_then(Value::as_str);
        prompt.unwrap_or_default().to_owned()
    };
    strsim::sorensen_dice(&prompt(one), &prompt(other))
}

fn key_of(entry: &Entry) -> Key {
    let id = match entry.call {
        Call::Query => entry.parameter("task_id"),
        Call::Retrieve | Call::Content => entry.parameter("file_id"),
        Call::Link => entry.request.url.strip_prefix(LINKS),
        Call::Create => None,
    };
    Key {
        call: entry.call,
        id: id.unwrap_or_default().to_owned(),
        range: entry.asked("range").unwrap_or_default().to_owned(),
    }
}

fn is_end(entry: &Entry) -> bool {
    let body = entry.json().unwrap_or_default();
    let status = body.get("status").and_then(Value::as_str);
    matches!(
        meaning(status.unwrap_or_default()),
        Meaning::Succeeded | Meaning::Failed
    )
}

fn has_link(entry: &Entry) -> bool {
    let text = entry.response.content.text.as_deref();
    text.is_some_and(|text| text.contains(LINKS))
}

/// A refusal for the rate, after which a create is sent again.
fn asks_to_wait(entry: &Entry) -> bool {
    let code = entry.json();
    let code = code
        .as_ref()
        .and_then(|body| body.pointer("/base_resp/status_code"));
    let code = code.and_then(Value::as_i64);
    entry.response.status == 429 || matches!(code, Some(1002 | 1039 | 1041 | 2045))
}
