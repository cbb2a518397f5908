//! Which shot is in which of several parts of a run.
//!
//! Problem: several machines make one film, and none of them knows of the others.
//! Decision: what a shot asks for says where it belongs. Not its place in the
//! manifest, not its name and not the other shots, so that a shot that is added,
//! moved or renamed sends no other to another machine, whose cache does not have it.
//! Shots that belong together go together: those that need frames of each other,
//! and those that ask for the very same, of which only one process may pay.
//!
//! The parts are fairly even because digests are; a handful of shots is not dealt
//! out evenly, and a part may be empty. With one part more, only those shots move
//! that the new one gets (jump consistent hash, Lamping and Veach 2014).

use std::collections::{HashMap, HashSet};

use crate::check::CheckedShot;
use crate::event::Shard;
use crate::id::{ShotId, sha256_hex};
use crate::plan::fingerprint::Key;

/// What is dealt out: a name, a digest of what is asked for where that is known, and
/// the names of those that it needs.
struct Card<'a> {
    id: &'a ShotId,
    digest: Option<String>,
    needs: Vec<ShotId>,
}

/// The shots that are in a shard, of all shots of a manifest.
pub fn deal(shots: &[CheckedShot], shard: Shard) -> HashSet<ShotId> {
    let cards: Vec<Card<'_>> = shots.iter().map(card).collect();
    dealt(&cards, shard)
}

fn card(shot: &CheckedShot) -> Card<'_> {
    let waits = !shot.request.waits_for().is_empty();
    let digest = || {
        let key = Key {
            // A rehearsal at the simulator deals as the run does.
            backend: "",
            api: super::API,
            request: &shot.request.shown(),
            // The second of two that ask for the same goes with the first.
            occurrence: 1,
        };
        key.fingerprint().as_str().to_owned()
    };
    Card {
        id: &shot.id,
        digest: (!waits).then(digest),
        needs: shot.request.depends_on(),
    }
}

fn dealt(cards: &[Card<'_>], shard: Shard) -> HashSet<ShotId> {
    let mut groups = Groups::new(cards.len());
    let at: HashMap<&ShotId, usize> = cards
        .iter()
        .zip(0..)
        .map(|(card, at)| (card.id, at))
        .collect();
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (position, card) in cards.iter().enumerate() {
        for need in card.needs.iter().filter_map(|need| at.get(need)) {
            groups.join(position, *need);
        }
        if let Some(digest) = &card.digest {
            let same = *first.entry(digest.as_str()).or_insert(position);
            groups.join(position, same);
        }
    }
    // The least digest of a group names it: it stays when another shot is added.
    let mut names: HashMap<usize, &str> = HashMap::new();
    for (position, card) in cards.iter().enumerate() {
        if let Some(digest) = &card.digest {
            let name = names.entry(groups.of(position)).or_insert(digest);
            *name = (*name).min(digest);
        }
    }
    let mut dealt = HashSet::new();
    for (position, card) in cards.iter().enumerate() {
        let name = names.get(&groups.of(position)).copied();
        // Without a name where the shot that all others need has a mistake.
        let own = || sha256_hex(card.id.as_str().as_bytes());
        let bucket = jump(
            number(name.map_or_else(own, str::to_owned).as_str()),
            shard.count(),
        );
        if bucket + 1 == shard.index() {
            dealt.insert(card.id.clone());
        }
    }
    dealt
}

/// The first 16 hexadecimal digits of a digest.
fn number(digest: &str) -> u64 {
    let digits = digest.get(..16).unwrap_or(digest);
    u64::from_str_radix(digits, 16).unwrap_or_default()
}

/// One of `count` buckets, from 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the figures of the algorithm: 31 bits and a fraction of less than `count`"
)]
fn jump(mut key: u64, count: u32) -> u32 {
    let (mut bucket, mut next) = (0_u64, 0_u64);
    while next < u64::from(count) {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let step = (1_u64 << 31) as f64 / ((key >> 33) + 1) as f64;
        next = ((bucket + 1) as f64 * step) as u64;
    }
    bucket as u32
}

/// Positions that belong together.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn of(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        self.0[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    struct Asked {
        what: u8,
        // Counted back from the shot.
        needs: Option<usize>,
    }

    fn films() -> impl Strategy<Value = Vec<Asked>> {
        let needs = proptest::option::weighted(0.4, 1..6_usize);
        let asked = (0..40_u8, needs).prop_map(|(what, needs)| Asked { what, needs });
        proptest::collection::vec(asked, 0..40)
    }

    fn id(number: usize) -> ShotId {
        ShotId::new(format!("shot-{number}")).expect("a good id")
    }

    /// Names by place, and who needs whom.
    fn cards<'a>(film: &[Asked], ids: &'a [ShotId]) -> Vec<Card<'a>> {
        let of = |(at, asked): (usize, &Asked)| {
            let need = asked.needs.and_then(|back| at.checked_sub(back));
            Card {
                id: &ids[at],
                digest: need.is_none().then(|| sha256_hex(&[asked.what])),
                needs: need.map(|at| ids[at].clone()).into_iter().collect(),
            }
        };
        film.iter().enumerate().map(of).collect()
    }

    fn places(cards: &[Card<'_>], count: u32) -> HashMap<ShotId, u32> {
        let mut places = HashMap::new();
        for index in 1..=count {
            let shard = Shard::new(index, count).expect("a shard");
            for shot in dealt(cards, shard) {
                assert_eq!(places.insert(shot, index), None, "in two shards");
            }
        }
        places
    }

    proptest! {
        #[test]
        fn every_shot_is_in_one_shard_and_with_those_it_needs(
            film in films(),
            count in 1..9_u32,
        ) {
            let ids: Vec<ShotId> = (0..film.len()).map(id).collect();
            let cards = cards(&film, &ids);
            let places = places(&cards, count);
            prop_assert_eq!(places.len(), film.len());
            for card in &cards {
                for need in &card.needs {
                    prop_assert_eq!(places[card.id], places[need]);
                }
                for other in cards.iter().filter(|other| other.digest == card.digest) {
                    if card.digest.is_some() {
                        prop_assert_eq!(places[card.id], places[other.id]);
                    }
                }
            }
        }

        #[test]
        fn other_shots_names_and_places_change_nothing(
            film in films(),
            others in films(),
            count in 1..9_u32,
        ) {
            let ids: Vec<ShotId> = (0..film.len()).map(id).collect();
            let before = places(&cards(&film, &ids), count);
            // Other shots come before them, and all have other names.
            let others: Vec<Asked> = others
                .into_iter()
                .map(|asked| Asked { what: asked.what + 100, ..asked })
                .collect();
            let moved = others.len();
            let mut all = others;
            // What needs a shot before the first one needs nobody.
            let own = film.iter().enumerate().map(|(at, asked)| Asked {
                needs: asked.needs.filter(|back| *back <= at),
                ..asked.clone()
            });
            all.extend(own);
            let names: Vec<ShotId> = (0..all.len()).map(|at| id(at + 1_000)).collect();
            let after = places(&cards(&all, &names), count);
            for (at, id) in ids.iter().enumerate() {
                prop_assert_eq!(before[id], after[&names[at + moved]]);
            }
        }
    }

    #[test]
    fn shards_are_fairly_even_and_one_more_moves_few() {
        let ids: Vec<ShotId> = (0..10_000).map(id).collect();
        let card = |id| Card {
            id,
            digest: Some(sha256_hex(format!("{id:?}").as_bytes())),
            needs: Vec::new(),
        };
        let cards: Vec<Card<'_>> = ids.iter().map(card).collect();
        let four = places(&cards, 4);
        for index in 1..=4 {
            let size = four.values().filter(|place| **place == index).count();
            assert!((2_350..2_650).contains(&size), "{index}: {size}");
        }
        let five = places(&cards, 5);
        let moved = ids.iter().filter(|id| four[id] != five[id]).count();
        assert!((1_850..2_150).contains(&moved), "{moved}");
        assert!(ids.iter().all(|id| five[id] == 5 || five[id] == four[id]));
    }
}
