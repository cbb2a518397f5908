//! Shots one behind the other: loops, which cannot be made, and long chains,
//! which are regretted.
//!
//! Owns the graph between shots as their author wrote it. Walks with stacks of
//! its own: a chain may be as long as a manifest.

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic, Span};
use crate::id::ShotId;
use crate::manifest::model::Limits;
use crate::shot::Shot;
use crate::shot::references::{SHOWN, frames};

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    Not,
    Open,
    Done,
}

/// Every loop of shots that wait for each other, as an error that shows it.
///
/// Walks with a stack of its own: a chain of shots may be as long as a manifest.
pub fn find_cycles(shots: &[Shot]) -> Vec<Diagnostic> {
    let places: HashMap<&ShotId, usize> = shots
        .iter()
        .enumerate()
        .map(|(at, shot)| (&shot.id, at))
        .collect();
    let edges: Vec<Vec<(usize, Span)>> = shots
        .iter()
        .map(|shot| {
            frames(shot)
                .filter_map(|(id, span)| Some((*places.get(id)?, span)))
                .collect()
        })
        .collect();
    let mut visits = vec![Visit::Not; shots.len()];
    let mut cycles = Vec::new();
    for start in 0..shots.len() {
        if visits[start] == Visit::Not {
            walk(start, shots, &edges, &mut visits, &mut cycles);
        }
    }
    cycles
}

fn walk(
    start: usize,
    shots: &[Shot],
    edges: &[Vec<(usize, Span)>],
    visits: &mut [Visit],
    cycles: &mut Vec<Diagnostic>,
) {
    // Each step: a shot, and how many of its edges were followed.
    let mut path: Vec<(usize, usize)> = vec![(start, 0)];
    visits[start] = Visit::Open;
    while let Some((at, followed)) = path.last_mut() {
        let Some(&(next, _)) = edges[*at].get(*followed) else {
            visits[*at] = Visit::Done;
            path.pop();
            continue;
        };
        *followed += 1;
        match visits[next] {
            Visit::Not => {
                visits[next] = Visit::Open;
                path.push((next, 0));
            }
            Visit::Open => {
                let from = path.iter().position(|(shot, _)| *shot == next).unwrap_or(0);
                cycles.push(cycle(&path[from..], shots, edges));
            }
            Visit::Done => {}
        }
    }
}

fn cycle(path: &[(usize, usize)], shots: &[Shot], edges: &[Vec<(usize, Span)>]) -> Diagnostic {
    let names: Vec<&str> = path.iter().map(|(at, _)| shots[*at].id.as_str()).collect();
    let places: Vec<Span> = path
        .iter()
        .map(|(at, followed)| edges[*at][followed - 1].1)
        .collect();
    if let [name] = names[..] {
        let message = format!("`{name}` waits for a frame of itself");
        return Diagnostic::error(Code::Cycle, places[0], message);
    }
    let mut shown: Vec<&str> = names.iter().copied().take(SHOWN).collect();
    if names.len() > SHOWN {
        shown.push("…");
    }
    let message = format!(
        "these shots wait for each other: {} → {}",
        shown.join(" → "),
        names[0]
    );
    let label = |at: usize| {
        format!(
            "`{}` waits for `{}`",
            names[at],
            names[(at + 1) % names.len()]
        )
    };
    let mut diagnostic = Diagnostic::error(Code::Cycle, places[0], message).label(label(0));
    for (at, place) in places.iter().enumerate().take(SHOWN).skip(1) {
        diagnostic = diagnostic.also(*place, label(at));
    }
    diagnostic
}

/// A warning for each shot that ends a chain of more hand-offs than
/// `limits.chain_depth`. Of a loop nothing is said: that is an error already.
pub(super) fn deep_chains(shots: &[Shot], limits: &Limits) -> Vec<Diagnostic> {
    let most = limits.chain_depth();
    let places: HashMap<&ShotId, usize> = shots
        .iter()
        .enumerate()
        .map(|(at, shot)| (&shot.id, at))
        .collect();
    let needs: Vec<Vec<usize>> = shots
        .iter()
        .map(|shot| {
            frames(shot)
                .filter_map(|(id, _)| places.get(id).copied())
                .collect()
        })
        .collect();
    let mut needed = vec![false; shots.len()];
    for &at in needs.iter().flatten() {
        needed[at] = true;
    }
    let depths = depths(&needs);
    let ends = (0..shots.len()).filter(|&at| !needed[at] && depths[at] > most);
    ends.map(|at| deep(&shots[at], depths[at], most)).collect()
}

/// How many hand-offs lie behind each shot; 0 for those on a loop.
fn depths(needs: &[Vec<usize>]) -> Vec<u32> {
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (at, needs) in needs.iter().enumerate() {
        for &need in needs {
            needed_by[need].push(at);
        }
    }
    let mut depths = vec![0; needs.len()];
    let mut ready: Vec<usize> = (0..needs.len()).filter(|&at| open[at] == 0).collect();
    while let Some(at) = ready.pop() {
        for &next in &needed_by[at] {
            depths[next] = depths[next].max(depths[at] + 1);
            open[next] -= 1;
            if open[next] == 0 {
                ready.push(next);
            }
        }
    }
    depths
}

fn deep(shot: &Shot, depth: u32, most: u32) -> Diagnostic {
    let place = frames(shot).next().map_or(shot.span, |(_, span)| span);
    let message = format!(
        "`{}` is the end of {depth} hand-offs from shot to shot; more than {most} drift",
        shot.id
    );
    Diagnostic::warning(Code::DeepChain, place, message)
        .note("faces, colours and sharpness change a little with every hand-off, and each shot waits for the one before it")
        .help("start one of the shots from a picture of its own, or give one a `last_frame` that locks where it ends; `limits.chain_depth` moves this limit")
}
