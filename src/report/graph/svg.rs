//! The graph as a picture.
//!
//! Owns where things stand: sources to the left of what needs them, a chain on
//! one line as far as it can be; below, in rows, the shots that stand alone.

use std::collections::HashSet;
use std::fmt::Write as _;

use quick_xml::escape::escape;
use unicode_width::UnicodeWidthChar as _;

use super::{Drawing, Edge, colours, facts};

const WIDTH: usize = 190;
const HEIGHT: usize = 56;
const ACROSS: usize = 150;
const DOWN: usize = 22;
const MARGIN: usize = 24;
/// Columns of a name that fit into a box.
const NAME: usize = 24;
/// Shots that stand alone, in a row.
const ALONE: usize = 4;

/// Column and row.
type Place = (usize, usize);

pub(super) fn svg(drawing: &Drawing<'_>) -> String {
    let places = places(drawing);
    let columns = places.iter().map(|place| place.0 + 1).max().unwrap_or(1);
    let rows = places.iter().map(|place| place.1 + 1).max().unwrap_or(1);
    let width = 2 * MARGIN + columns * WIDTH + (columns - 1) * ACROSS;
    let height = 2 * MARGIN + rows * HEIGHT + (rows - 1) * DOWN;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"which shot needs a frame of which\">\n\
         <style>text{{font:13px sans-serif;fill:#111}}.small{{font-size:11px}}.edge{{fill:none;stroke:#777;stroke-width:1.5}}.label{{font-size:11px;fill:#555}}svg{{background:#fff}}@media (prefers-color-scheme:dark){{svg{{background:#16181d}}.label{{fill:#bbb}}}}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#777\"/></marker></defs>\n"
    );
    for edge in &drawing.edges {
        line(&mut text, edge, &places);
    }
    for (shot, &place) in drawing.shots.iter().zip(&places) {
        let (fill, outline) = colours(shot.decision);
        let (x, y) = corner(place);
        let (middle, first, second) = (x + WIDTH / 2, y + 23, y + 42);
        let name = escape(cut(shot.id.as_str())).into_owned();
        let _ = writeln!(
            text,
            "<g><title>{}: {}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\" fill=\"{fill}\" stroke=\"{outline}\"/><text x=\"{middle}\" y=\"{first}\" text-anchor=\"middle\">{name}</text><text class=\"small\" x=\"{middle}\" y=\"{second}\" text-anchor=\"middle\">{}, {}</text></g>",
            escape(shot.id.as_str()),
            escape(shot.reason.as_str()),
            facts(shot),
            shot.decision,
        );
    }
    text.push_str("</svg>\n");
    text
}

fn line(text: &mut String, edge: &Edge, places: &[Place]) {
    let (from, to) = (corner(places[edge.from]), corner(places[edge.to]));
    let (x1, y1) = (from.0 + WIDTH, from.1 + HEIGHT / 2);
    let (x2, y2) = (to.0, to.1 + HEIGHT / 2);
    let bend = x1.midpoint(x2);
    let (x, y) = (x2 - ACROSS / 2, y1.midpoint(y2).max(y2.min(y1)) - 5);
    let _ = writeln!(
        text,
        "<path class=\"edge\" d=\"M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}\" marker-end=\"url(#tip)\"/><text class=\"label\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{}</text>",
        escape(edge.label.as_str())
    );
}

fn corner((column, row): Place) -> (usize, usize) {
    (
        MARGIN + column * (WIDTH + ACROSS),
        MARGIN + row * (HEIGHT + DOWN),
    )
}

/// Sources stand before what needs them in no particular order in a manifest,
/// so that columns are found by going over the edges until nothing moves.
fn places(drawing: &Drawing<'_>) -> Vec<Place> {
    let count = drawing.shots.len();
    let mut parent: Vec<Option<usize>> = vec![None; count];
    let mut linked = vec![false; count];
    for Edge { from, to, .. } in &drawing.edges {
        parent[*to].get_or_insert(*from);
        linked[*from] = true;
        linked[*to] = true;
    }
    let columns = columns(drawing);
    let mut order: Vec<usize> = (0..count).filter(|&at| linked[at]).collect();
    order.sort_by_key(|&at| (columns[at], at));
    let mut places = vec![(0, 0); count];
    let mut taken: HashSet<Place> = HashSet::new();
    let mut rows = 0;
    for at in order {
        let mut row = parent[at].map_or(rows, |from| places[from].1);
        while !taken.insert((columns[at], row)) {
            row += 1;
        }
        places[at] = (columns[at], row);
        rows = rows.max(row + 1);
    }
    for (number, at) in (0..count).filter(|&at| !linked[at]).enumerate() {
        places[at] = (number % ALONE, rows + number / ALONE);
    }
    places
}

fn columns(drawing: &Drawing<'_>) -> Vec<usize> {
    let mut columns = vec![0; drawing.shots.len()];
    // There are no loops; if there were, this still ends.
    for _ in 0..columns.len() {
        let mut moved = false;
        for Edge { from, to, .. } in &drawing.edges {
            if columns[*to] <= columns[*from] {
                columns[*to] = columns[*from] + 1;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    columns
}

/// The beginning of a name that fits, where a Chinese character takes two places.
fn cut(name: &str) -> String {
    let mut columns = 0;
    let fits = |character: &char| {
        columns += character.width().unwrap_or(0);
        columns <= NAME
    };
    let short: String = name.chars().take_while(fits).collect();
    if short.len() < name.len() {
        format!("{short}…")
    } else {
        short
    }
}
