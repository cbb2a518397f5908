//! Which shot waits for which.
//!
//! Owns positions and order only. Cycles and unknown names are mistakes in the
//! text and were refused by `shot::references` before this is asked.

use std::collections::HashMap;

use crate::id::ShotId;

/// Edges between shots, by position in the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// For each shot, the shots whose videos it needs.
    pub needs: Vec<Vec<usize>>,
    /// For each shot, the shots that need its video.
    pub needed_by: Vec<Vec<usize>>,
}

impl Graph {
    /// Builds the edges from each shot's name and the names that it needs. A
    /// name that is not there (for example one that was not selected) gives no edge.
    pub fn new(shots: &[(ShotId, Vec<ShotId>)]) -> Self {
        let positions: HashMap<&ShotId, usize> = shots
            .iter()
            .enumerate()
            .map(|(position, (id, _))| (id, position))
            .collect();
        let mut graph = Self {
            needs: vec![Vec::new(); shots.len()],
            needed_by: vec![Vec::new(); shots.len()],
        };
        for (position, (_, needs)) in shots.iter().enumerate() {
            for need in needs.iter().filter_map(|id| positions.get(id)) {
                graph.needs[position].push(*need);
                graph.needed_by[*need].push(position);
            }
        }
        graph
    }

    /// Positions so that each comes after all it needs, otherwise in manifest
    /// order. Shots on a cycle would be missing; there are none by then.
    pub fn order(&self) -> Vec<usize> {
        let mut open: Vec<usize> = self.needs.iter().map(Vec::len).collect();
        let mut ready: std::collections::BTreeSet<usize> =
            (0..open.len()).filter(|&at| open[at] == 0).collect();
        let mut order = Vec::with_capacity(open.len());
        while let Some(at) = ready.pop_first() {
            order.push(at);
            for &next in &self.needed_by[at] {
                open[next] -= 1;
                if open[next] == 0 {
                    ready.insert(next);
                }
            }
        }
        order
    }

    /// For each position how many shots wait behind it, one after the other: 0
    /// where nobody waits.
    pub fn levels(&self) -> Vec<usize> {
        let mut levels = vec![0; self.needs.len()];
        for at in self.order().into_iter().rev() {
            for &need in &self.needs[at] {
                levels[need] = levels[need].max(levels[at] + 1);
            }
        }
        levels
    }

    /// The positions on the longest way, source first; `cost` says how long one
    /// takes. Where several are as long, the first in the manifest.
    pub fn longest(&self, cost: impl Fn(usize) -> u64) -> Vec<usize> {
        let mut best: Vec<(u64, Option<usize>)> = vec![(0, None); self.needs.len()];
        let order = self.order();
        for &at in &order {
            let before = self.needs[at].iter().copied();
            // The first of the best ones, and so `rev`: `max_by_key` gives the last.
            let before = before.rev().max_by_key(|&need| best[need].0);
            best[at] = (before.map_or(0, |need| best[need].0) + cost(at), before);
        }
        let mut ends = (0..best.len()).rev();
        let first = ends.next();
        let end = first.map(|first| {
            ends.fold(
                first,
                |end, at| if best[at].0 >= best[end].0 { at } else { end },
            )
        });
        let mut way: Vec<usize> = std::iter::successors(end, |&at| best[at].1).collect();
        way.reverse();
        way
    }
}

#[cfg(test)]
mod tests {
    use super::Graph;
    use crate::id::ShotId;

    fn id(name: &str) -> ShotId {
        ShotId::new(name).expect("a good id")
    }

    #[test]
    fn sources_come_before_what_needs_them() {
        let graph = Graph::new(&[
            (id("c"), vec![id("b"), id("a")]),
            (id("b"), vec![id("a")]),
            (id("a"), vec![]),
            (id("d"), vec![id("not-selected")]),
        ]);
        assert_eq!(graph.order(), [2, 1, 0, 3]);
        assert_eq!(graph.needed_by[2], [0, 1]);
        assert_eq!(graph.levels(), [0, 1, 2, 0]);
    }

    #[test]
    fn the_longest_way_counts_what_each_shot_takes() {
        let graph = Graph::new(&[
            (id("a"), vec![]),
            (id("b"), vec![id("a")]),
            (id("c"), vec![]),
            (id("d"), vec![id("c")]),
        ]);
        assert_eq!(graph.longest(|_| 1), [0, 1]);
        assert_eq!(graph.longest(|at| if at == 2 { 5 } else { 1 }), [2, 3]);
        assert_eq!(graph.longest(|at| if at == 3 { 9 } else { 1 }), [2, 3]);
        assert!(Graph::new(&[]).longest(|_| 1).is_empty());
    }
}
