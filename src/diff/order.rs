//! Which shots stand elsewhere in the film.
//!
//! Owns the choice of what stayed: as many shots as can stay, the same ones in
//! whichever direction two films are compared.

/// A shot in both films: its place in one, its place in the other, and a name that
/// decides between equals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) one: usize,
    pub(super) other: usize,
    pub(super) name: &'a str,
}

/// The positions in `places` of those that moved: all that are not in the longest
/// run of shots that follow each other in both films.
pub(super) fn moved(places: &[Place<'_>]) -> Vec<usize> {
    let mut by_one: Vec<usize> = (0..places.len()).collect();
    by_one.sort_by_key(|&at| places[at].one);
    let stayed = stayed(places, &by_one);
    (0..places.len()).filter(|&at| !stayed[at]).collect()
}

/// Of all longest runs the one whose names come first, shot by shot. Turning both
/// films around picks the same, which the usual way of finding a run does not.
fn stayed(places: &[Place<'_>], by_one: &[usize]) -> Vec<bool> {
    let mut until = vec![0; places.len()];
    for (&at, length) in by_one
        .iter()
        .zip(lengths(by_one.iter().map(|&at| places[at].other)))
    {
        until[at] = length;
    }
    let mut from = vec![0; places.len()];
    let backward = by_one.iter().rev();
    // Backwards, what comes before is greater.
    let falling = backward.clone().map(|&at| usize::MAX - places[at].other);
    for (&at, length) in backward.zip(lengths(falling)) {
        from[at] = length;
    }
    let longest = until.iter().copied().max().unwrap_or(0);
    let mut levels: Vec<Vec<usize>> = vec![Vec::new(); longest];
    for &at in by_one {
        // The others are in no longest run.
        if until[at] + from[at] == longest + 1 {
            levels[until[at] - 1].push(at);
        }
    }
    let mut stayed = vec![false; places.len()];
    let mut last: Option<usize> = None;
    for level in levels {
        let follows = |&&at: &&usize| {
            last.is_none_or(|last| {
                places[last].one < places[at].one && places[last].other < places[at].other
            })
        };
        let next = level.iter().filter(follows).min_by_key(|&&at| {
            let place = &places[at];
            (
                place.name,
                place.one.min(place.other),
                place.one + place.other,
            )
        });
        if let Some(&next) = next {
            stayed[next] = true;
            last = Some(next);
        }
    }
    stayed
}

/// For each number the length of the longest rising run that ends with it.
fn lengths(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut ends: Vec<usize> = Vec::new();
    numbers
        .map(|number| {
            let at = ends.partition_point(|&end| end < number);
            if at == ends.len() {
                ends.push(number);
            } else {
                ends[at] = number;
            }
            at + 1
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Place, moved};

    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

    fn places(after: &[usize]) -> Vec<Place<'static>> {
        after
            .iter()
            .enumerate()
            .map(|(one, &other)| Place {
                one,
                other,
                name: NAMES[one],
            })
            .collect()
    }

    #[test]
    fn one_that_went_to_the_end_moved_and_no_other() {
        assert_eq!(moved(&places(&[0, 1, 2, 3])), [0_usize; 0]);
        assert_eq!(moved(&places(&[3, 0, 1, 2])), [0]);
        assert_eq!(moved(&places(&[0, 2, 1, 3])), [2]);
        assert_eq!(moved(&places(&[3, 2, 1, 0])), [1, 2, 3]);
    }

    /// Of every choice of shots that could stay, the size of the largest.
    fn most(places: &[Place<'_>]) -> usize {
        let rising = |choice: usize| {
            let mut chosen = (0..places.len()).filter(|at| choice >> at & 1 == 1);
            let mut last = None;
            let rises = chosen.all(|at| {
                let rises = last.is_none_or(|last| last < places[at].other);
                last = Some(places[at].other);
                rises
            });
            rises.then_some(choice.count_ones() as usize)
        };
        (0..1 << places.len()).filter_map(rising).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn as_many_stay_as_can_and_the_same_ones_backwards(
            after in Just((0..8).collect::<Vec<usize>>()).prop_shuffle()
        ) {
            let there = places(&after);
            let gone = moved(&there);
            prop_assert_eq!(there.len() - gone.len(), most(&there));
            let turned: Vec<Place<'_>> = there
                .iter()
                .map(|place| Place { one: place.other, other: place.one, name: place.name })
                .collect();
            prop_assert_eq!(moved(&turned), gone);
        }
    }
}
