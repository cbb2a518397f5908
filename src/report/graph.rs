//! Which shot needs a frame of which, as a drawing: Mermaid, DOT, SVG.
//!
//! Owns the three notations and where things stand in the SVG. Never decides
//! anything: a plan is drawn as it is.

mod svg;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::event::{Decision, ShotFacts};
use crate::plan::Plan;

/// How a graph is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// What GitHub, GitLab and many editors draw in Markdown.
    Mermaid,
    /// Graphviz.
    Dot,
    /// A picture, for light and dark pages.
    Svg,
}

/// Shots and the frames between them.
struct Drawing<'a> {
    shots: Vec<&'a ShotFacts>,
    edges: Vec<Edge>,
}

/// A frame of one shot in the request of another, by position.
struct Edge {
    from: usize,
    to: usize,
    /// Which frame becomes what, such as `last → first_frame`.
    label: String,
}

/// Draws a plan.
pub fn draw(plan: &Plan, notation: Notation) -> String {
    let drawing = Drawing::new(&plan.facts.shots);
    match notation {
        Notation::Mermaid => drawing.mermaid(),
        Notation::Dot => drawing.dot(),
        Notation::Svg => svg::svg(&drawing),
    }
}

impl<'a> Drawing<'a> {
    /// Of what the manifest asks for; earlier versions of shots are left out.
    fn new(shots: &'a [ShotFacts]) -> Self {
        let shots: Vec<&ShotFacts> = shots.iter().filter(|shot| !shot.earlier).collect();
        let positions: HashMap<&str, usize> = shots
            .iter()
            .enumerate()
            .map(|(at, shot)| (shot.id.as_str(), at))
            .collect();
        let mut edges = Vec::new();
        for (to, shot) in shots.iter().enumerate() {
            for frame in &shot.frames {
                // A shot that was not selected is not drawn.
                if let Some(&from) = positions.get(frame.shot.as_str()) {
                    let label = format!("{} → {}", frame.at, frame.field);
                    edges.push(Edge { from, to, label });
                }
            }
        }
        Self { shots, edges }
    }

    fn mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        for (at, shot) in self.shots.iter().enumerate() {
            let _ = writeln!(
                text,
                "    s{at}[\"{}<br/>{}\"]:::{}",
                mermaid_text(shot.id.as_str()),
                facts(shot),
                shot.decision
            );
        }
        for Edge { from, to, label } in &self.edges {
            let _ = writeln!(text, "    s{from} -- \"{label}\" --> s{to}");
        }
        for decision in Decision::ALL {
            let (fill, line) = colours(decision);
            let _ = writeln!(
                text,
                "    classDef {decision} fill:{fill},stroke:{line},color:#111"
            );
        }
        text
    }

    fn dot(&self) -> String {
        let mut text = "digraph film {\n    rankdir=LR;\n    node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n    edge [fontname=\"sans-serif\", fontsize=10];\n".to_owned();
        for shot in &self.shots {
            let (fill, line) = colours(shot.decision);
            let id = dot_text(shot.id.as_str());
            let _ = writeln!(
                text,
                "    \"{id}\" [label=\"{id}\\n{}\\n{}\", fillcolor=\"{fill}\", color=\"{line}\"];",
                facts(shot),
                shot.decision
            );
        }
        for Edge { from, to, label } in &self.edges {
            let name = |at: usize| dot_text(self.shots[at].id.as_str());
            let (from, to) = (name(*from), name(*to));
            let _ = writeln!(text, "    \"{from}\" -> \"{to}\" [label=\"{label}\"];");
        }
        text.push_str("}\n");
        text
    }
}

/// `I2V 768P 6 s`
fn facts(shot: &ShotFacts) -> String {
    format!("{} {} {} s", shot.mode, shot.resolution, shot.seconds)
}

/// Fill and outline; black text is readable on every fill.
fn colours(decision: Decision) -> (&'static str, &'static str) {
    match decision {
        Decision::Create => ("#cfe3ff", "#2f6fd0"),
        Decision::Replace => ("#ffe0c2", "#c4711a"),
        Decision::Wait => ("#e4dcff", "#7354c9"),
        Decision::Reuse => ("#d5f0d8", "#3a8f46"),
        Decision::Resume => ("#d2f0ef", "#2b8c89"),
        Decision::Uncertain | Decision::Elsewhere => ("#ffeeb8", "#b38600"),
        Decision::Failed | Decision::Blocked => ("#ffd9d3", "#c2452d"),
    }
}

/// Mermaid reads `#34;` and the like inside quotes, and ends them at a quote.
fn mermaid_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '#' | '<' | '>' | '&' | '\\' | '`' => {
                let _ = write!(safe, "#{};", u32::from(character));
            }
            _ => safe.push(character),
        }
    }
    safe
}

fn dot_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
