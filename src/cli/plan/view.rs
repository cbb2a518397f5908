//! The plan as a person reads it: a row for each shot, what changed under it,
//! the sums below.
//!
//! Owns the layout for every width. Never decides anything, and never cuts what
//! is asked for in full.

use std::fmt::Write as _;

use serde_json::Value;

use super::difference::{self, Marks};
use super::totals;
use crate::check::link;
use crate::cli::render::calm;
use crate::cli::table::{columns, cut, width, wrapped};
use crate::event::{Decision, FrameUse, ShotFacts};
use crate::lang::Language;
use crate::money::Money;
use crate::plan::estimate::Pace;
use crate::plan::{Plan, time};

/// More unchanged shots than this are one line, unless all are asked for.
const UNCHANGED_SHOWN: usize = 5;

/// The least room in which a reason stands beside its shot.
const REASON: usize = 24;

/// The most room for a name on a narrow terminal.
const NAME: usize = 24;

/// What stands where there is nothing to say.
const NOTHING: &str = "-";

/// How the plan is to look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Look {
    /// Places in a line; `None` where nobody wraps them, as in a pipe.
    pub(super) width: Option<usize>,
    /// Whether colours may be used.
    pub(super) colour: bool,
    /// Whether every unchanged shot has its row.
    pub(super) all: bool,
    /// Whether requests are shown in full.
    pub(super) requests: bool,
    /// What is spoken.
    pub(super) language: Language,
}

impl Look {
    fn say(self, text: &str) -> String {
        self.language.tr(text).into_owned()
    }
}

/// How much of a shot stands in its first line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Everything.
    Wide,
    /// All but the reason, which is below.
    Medium,
    /// What and how much; the rest is below.
    Narrow,
}

/// The whole plan.
pub(super) fn plan(plan: &Plan, pace: Pace, look: Look) -> String {
    let shots = &plan.facts.shots;
    let folded = |shot: &&ShotFacts| shot.decision == Decision::Reuse && !look.all;
    let unchanged = shots.iter().filter(folded).count();
    let fold = unchanged > UNCHANGED_SHOWN;
    let shown = shots.iter().filter(|shot| !(fold && folded(shot)));
    let mut text = table(&shown.collect::<Vec<_>>(), look);
    if fold {
        let line = format!("= {unchanged} shots unchanged (--all lists them)");
        let _ = writeln!(text, "{}", look.say(&line));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let sums = [
        Some(totals::summary(plan)),
        totals::longest_chain(plan),
        totals::whole_run(plan, pace),
    ];
    let lines: Vec<String> = sums
        .into_iter()
        .flatten()
        .flat_map(|line| wrapped(&calm(&look.say(&line)), 0, look.width))
        .collect();
    text.push_str(&lines.join("\n"));
    text
}

fn table(shots: &[&ShotFacts], look: Look) -> String {
    if shots.is_empty() {
        return String::new();
    }
    let (layout, mut rows) = fitting(shots, look);
    if layout == Layout::Wide {
        for (row, shot) in rows.iter_mut().skip(1).zip(shots) {
            row.push(calm(&look.say(&shot.reason)));
        }
    }
    let lines = columns(&rows);
    // Behind this place a reason is wrapped, so that it stays a column.
    let place = width(&rows[..]).saturating_sub(widest_reason(&rows, layout));
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let shot = at.checked_sub(1).map(|at| shots[at]);
        let line = match (layout, look.width) {
            (Layout::Wide, Some(width)) if shot.is_some() => hanging(line, place, width),
            _ => line.clone(),
        };
        let line = match shot {
            Some(shot) => tinted(&line, shot.decision, look.colour),
            None => dim(&line, look.colour),
        };
        let _ = writeln!(text, "{line}");
        if let Some(shot) = shot {
            text.push_str(&below(shot, layout, look));
        }
    }
    text
}

/// The widest rows that fit.
fn fitting(shots: &[&ShotFacts], look: Look) -> (Layout, Vec<Vec<String>>) {
    let rows = full_rows(shots, look);
    let why = look.say("why");
    let Some(places) = look.width else {
        return (Layout::Wide, titled(rows, &why));
    };
    let taken = width(&rows);
    if taken + REASON <= places {
        (Layout::Wide, titled(rows, &why))
    } else if taken <= places {
        (Layout::Medium, rows)
    } else {
        (Layout::Narrow, narrow_rows(shots, look))
    }
}

fn titled(mut rows: Vec<Vec<String>>, title: &str) -> Vec<Vec<String>> {
    if let Some(head) = rows.first_mut() {
        head.push(title.to_owned());
    }
    rows
}

fn full_rows(shots: &[&ShotFacts], look: Look) -> Vec<Vec<String>> {
    let head = [
        "", "shot", "what", "mode", "model", "size", "length", "time", "price",
    ];
    let row = |shot: &&ShotFacts| {
        let mut row = vec![sign(shot.decision).to_owned(), name(shot), what(shot, look)];
        row.extend(asked(shot));
        row.push(price(shot, look));
        row
    };
    let head = head.map(|title| look.say(title)).to_vec();
    std::iter::once(head).chain(shots.iter().map(row)).collect()
}

fn narrow_rows(shots: &[&ShotFacts], look: Look) -> Vec<Vec<String>> {
    let head = ["", "shot", "what", "price"]
        .map(|title| look.say(title))
        .to_vec();
    let row = |shot: &&ShotFacts| {
        let name = cut(&name(shot), NAME);
        vec![
            sign(shot.decision).to_owned(),
            name,
            what(shot, look),
            price(shot, look),
        ]
    };
    std::iter::once(head).chain(shots.iter().map(row)).collect()
}

fn widest_reason(rows: &[Vec<String>], layout: Layout) -> usize {
    if layout != Layout::Wide {
        return 0;
    }
    let reasons = rows.iter().filter_map(|row| row.last());
    let widths = reasons.map(|reason| unicode_width::UnicodeWidthStr::width(reason.as_str()));
    widths.max().unwrap_or(0)
}

/// A row whose last column goes on under itself.
fn hanging(line: &str, place: usize, width: usize) -> String {
    if unicode_width::UnicodeWidthStr::width(line) <= width {
        return line.to_owned();
    }
    let mut places = 0;
    let at = line.char_indices().find(|(_, c)| {
        let here = places;
        places += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
        here >= place
    });
    let (row, reason) = line.split_at(at.map_or(line.len(), |(at, _)| at));
    let later = " ".repeat(place);
    let options = textwrap::Options::new(width)
        .initial_indent(&later)
        .subsequent_indent(&later);
    let reason = textwrap::wrap(reason, options).join("\n");
    format!("{row}{}", reason.trim_start())
}

/// What stands under a shot's row.
fn below(shot: &ShotFacts, layout: Layout, look: Look) -> String {
    let mut lines = Vec::new();
    if layout == Layout::Narrow {
        let mut asked = asked(shot);
        asked.retain(|part| part != NOTHING);
        lines.push(asked.join("  "));
    }
    if layout != Layout::Wide {
        lines.push(calm(&look.say(&shot.reason)));
    }
    let marks = if look.colour {
        Marks::Colour
    } else {
        Marks::Signs
    };
    let changes = shot.changes.iter();
    lines.extend(changes.map(|change| difference::field(change, marks)));
    if shot.decision != Decision::Reuse || look.all {
        lines.extend(shot.frames.iter().map(|used| frame(used, look)));
    }
    if look.requests {
        lines.push(calm(&format!("-> {}", shot.file)));
        lines.push(calm(&Value::Object(link::shown(&shot.request)).to_string()));
    }
    let lines = lines.iter().flat_map(|line| wrapped(line, 4, look.width));
    lines.fold(String::new(), |text, line| text + &line + "\n")
}

/// A frame that a shot is made from.
fn frame(frame: &FrameUse, look: Look) -> String {
    let digest = frame.pixels_sha256.as_deref();
    let digest = digest.and_then(|digest| digest.get(..8));
    let taken = digest.map_or_else(|| look.say("not there yet"), |d| format!("pixels {d}"));
    let FrameUse {
        field, shot, at, ..
    } = frame;
    calm(&format!("{field} <- {at} of {shot} ({taken})"))
}

fn name(shot: &ShotFacts) -> String {
    calm(shot.id.as_str())
}

fn what(shot: &ShotFacts, look: Look) -> String {
    look.say(shot.decision.as_str())
}

fn asked(shot: &ShotFacts) -> Vec<String> {
    let time = time(shot);
    vec![
        shot.mode.clone(),
        calm(&shot.model),
        calm(&shot.resolution),
        format!("{} s", shot.seconds),
        if time.is_zero() {
            NOTHING.to_owned()
        } else {
            format!("~{}", totals::minutes(time))
        },
    ]
}

fn price(shot: &ShotFacts, look: Look) -> String {
    if !shot.decision.may_pay() {
        return NOTHING.to_owned();
    }
    let price = shot.price.as_ref();
    price.map_or_else(|| look.say("no price"), Money::to_string)
}

/// The sign of a decision, the same wherever a plan is shown.
fn sign(decision: Decision) -> &'static str {
    match decision {
        Decision::Create => "+",
        Decision::Replace => "~",
        Decision::Wait => "*",
        Decision::Reuse => "=",
        Decision::Resume => ">",
        Decision::Uncertain => "?",
        Decision::Failed => "x",
        Decision::Elsewhere => "@",
        Decision::Blocked => "!",
    }
}

/// The sign in the decision's colour.
fn tinted(line: &str, decision: Decision, colour: bool) -> String {
    let code = match decision {
        _ if !colour => return line.to_owned(),
        Decision::Create => "32",
        Decision::Replace | Decision::Uncertain | Decision::Elsewhere => "33",
        Decision::Wait | Decision::Resume => "36",
        Decision::Reuse => "2",
        Decision::Failed | Decision::Blocked => "31",
    };
    let (sign, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
    format!("\x1b[{code}m{sign}\x1b[0m{rest}")
}

fn dim(line: &str, colour: bool) -> String {
    if colour {
        format!("\x1b[2m{line}\x1b[0m")
    } else {
        line.to_owned()
    }
}
