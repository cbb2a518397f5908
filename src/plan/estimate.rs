//! How long the service takes for a video, and a run for all of them, roughly.
//!
//! Owns the figures, which are other people's (minimax-api.md 6.3): about 120 s
//! for 6 s at up to 768P, 240 s at 1080P, and twice as long for 10 s. Good for
//! saying "minutes" before anything is paid, and for nothing else.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Duration;

use crate::plan::graph::Graph;

/// The window in which creates are counted, in milliseconds.
const MINUTE: f64 = 60_000.0;

/// The time from a create to its video.
pub fn generation(resolution: &str, seconds: u32) -> Duration {
    let six = if resolution == "1080P" { 240 } else { 120 };
    Duration::from_secs(if seconds > 6 { 2 * six } else { six })
}

/// How fast a run may go.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Tasks in flight.
    pub concurrency: usize,
    /// Creates in any minute; `None` for as many as there are.
    pub creates_per_minute: Option<f64>,
}

/// What one shot takes of a run.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Its time at the service; zero for what is not called for.
    pub time: Duration,
    /// Whether it counts as a create.
    pub creates: bool,
}

/// The time from the first create to the last video, where those start first
/// behind which most others wait; `work` is by position in the graph.
pub fn makespan(graph: &Graph, work: &[Work], pace: Pace) -> Duration {
    let levels = graph.levels();
    let mut open: Vec<usize> = graph.needs.iter().map(Vec::len).collect();
    let turn = |at: usize| (Reverse(levels[at]), at);
    let mut ready: BTreeSet<_> = (0..work.len())
        .filter(|&at| open[at] == 0)
        .map(turn)
        .collect();
    let mut running = BinaryHeap::new();
    let mut creates = Creates::new(pace.creates_per_minute);
    let mut now = 0;
    loop {
        while running.len() < pace.concurrency.max(1)
            && let Some((_, at)) = ready.pop_first()
        {
            let Work { time, creates: new } = work[at];
            let start = if new { creates.next(now) } else { now };
            running.push(Reverse((start + time.as_millis() as u64, at)));
        }
        let Some(Reverse((end, at))) = running.pop() else {
            return Duration::from_millis(now);
        };
        now = end;
        for &next in &graph.needed_by[at] {
            open[next] -= 1;
            if open[next] == 0 {
                ready.insert(turn(next));
            }
        }
    }
}

/// When creates may start: so many in any window, in milliseconds.
struct Creates {
    window: u64,
    in_window: usize,
    starts: Vec<u64>,
}

impl Creates {
    fn new(per_minute: Option<f64>) -> Self {
        // Fewer than one a minute is one in a longer window.
        let rate = per_minute.unwrap_or(f64::MAX);
        let in_window = rate.max(1.0).floor();
        let window = if per_minute.is_some() {
            MINUTE * in_window / rate
        } else {
            0.0
        };
        Self {
            window: window as u64,
            in_window: in_window as usize,
            starts: Vec::new(),
        }
    }

    fn next(&mut self, now: u64) -> u64 {
        let before = self.starts.len().checked_sub(self.in_window);
        let free = before.map_or(0, |at| self.starts[at].saturating_add(self.window));
        let start = now.max(free);
        self.starts.push(start);
        start
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Pace, Work, generation, makespan};
    use crate::id::ShotId;
    use crate::plan::graph::Graph;

    #[test]
    fn longer_and_larger_takes_longer() {
        assert_eq!(generation("768P", 6).as_secs(), 120);
        assert_eq!(generation("1080P", 6).as_secs(), 240);
        assert_eq!(generation("768P", 10).as_secs(), 240);
    }

    fn seconds(needs: &[&[usize]], concurrency: usize, creates_per_minute: Option<f64>) -> u64 {
        let id = |at: usize| ShotId::new(format!("s{at}")).expect("a good id");
        let edges: Vec<_> = needs
            .iter()
            .enumerate()
            .map(|(at, needs)| (id(at), needs.iter().map(|&need| id(need)).collect()))
            .collect();
        let work = vec![
            Work {
                time: Duration::from_secs(120),
                creates: true,
            };
            needs.len()
        ];
        let pace = Pace {
            concurrency,
            creates_per_minute,
        };
        makespan(&Graph::new(&edges), &work, pace).as_secs()
    }

    #[test]
    fn a_run_is_bounded_by_chains_by_slots_and_by_creates() {
        let alone: &[&[usize]] = &[&[], &[], &[], &[]];
        assert_eq!(seconds(alone, 4, None), 120);
        assert_eq!(seconds(alone, 2, None), 240);
        assert_eq!(seconds(alone, 4, Some(2.0)), 180);
        assert_eq!(seconds(alone, 4, Some(0.5)), 3 * 120 + 120);
        let chain: &[&[usize]] = &[&[], &[], &[1], &[2]];
        assert_eq!(seconds(chain, 2, None), 360);
        assert_eq!(seconds(&[], 2, None), 0);
    }
}
