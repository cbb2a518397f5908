//! `runner explain`: what a code means, a wrong text and a right one, and why.
//!
//! Owns how a page looks on a terminal. The words are those of `diag::Page` and
//! of [`Exit`].

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::args::ExplainArgs;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::diag::{Code, Example, suggest};

/// In front of the number of an exit code.
const EXIT: &str = "exit-";

pub(super) fn explain(args: &ExplainArgs, console: &mut Console) -> Result<Exit, CliError> {
    let shown = match args.code.as_deref().map(str::trim) {
        None if args.json => format!("{:#}", list_json()),
        None => list(),
        Some(name) => {
            let topic = Topic::of(name).ok_or_else(|| unknown(name))?;
            if args.json {
                format!("{:#}", topic.json())
            } else {
                topic.text()
            }
        }
    };
    console.data(shown);
    Ok(Exit::Success)
}

/// What can be explained.
enum Topic {
    Code(Code),
    /// What ends with one number, which may be more than one thing.
    Exits(Vec<Exit>),
}

impl Topic {
    /// `error[unknown-key]` is what people copy.
    fn of(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let bare = name
            .rsplit_once('[')
            .map_or(name.as_str(), |(_, code)| code.trim_end_matches([']', ':']));
        if let Some(code) = Code::of(bare) {
            return Some(Self::Code(code));
        }
        let number = bare.strip_prefix(EXIT).unwrap_or(bare);
        let number: u8 = number.trim().parse().ok()?;
        let all = Exit::ALL.into_iter();
        let exits: Vec<Exit> = all.filter(|exit| exit.code() == number).collect();
        (!exits.is_empty()).then_some(Self::Exits(exits))
    }

    fn text(&self) -> String {
        match self {
            Self::Code(code) => page(*code),
            Self::Exits(exits) => {
                let pages: Vec<String> = exits.iter().copied().map(exit_page).collect();
                pages.join("\n\n")
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Code(code) => page_json(*code),
            Self::Exits(exits) => exits_json(exits),
        }
    }
}

fn exit_page(exit: Exit) -> String {
    let title = heading(&format!("{EXIT}{}: {}", exit.code(), exit.meaning()));
    format!("{title}\n\n{}", exit.remedy())
}

fn unknown(name: &str) -> CliError {
    let exits: Vec<String> = Exit::ALL.iter().map(|exit| exit_name(*exit)).collect();
    let names = Code::ALL.iter().map(|code| code.as_str());
    let error = CliError::new(Exit::Usage, format!("no code is called `{name}`"));
    match suggest(name, names.chain(exits.iter().map(String::as_str))) {
        Some(near) => error.advice(format!("did you mean `{near}`?")),
        None => error.advice("`runner explain` lists them all"),
    }
}

fn exit_name(exit: Exit) -> String {
    format!("{EXIT}{}", exit.code())
}

/// `error`, or `warning` for what may be one.
fn severity(code: Code) -> &'static str {
    if code.is_lint() { "warning" } else { "error" }
}

fn list() -> String {
    let mut text = String::new();
    for (title, lints) in [("Errors", false), ("Warnings", true)] {
        let _ = writeln!(text, "{}", heading(title));
        for code in Code::ALL.iter().filter(|code| code.is_lint() == lints) {
            let _ = writeln!(text, "  {:22}{}", code.as_str(), code.title());
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}", heading("Exit codes"));
    for exit in Exit::ALL {
        let _ = writeln!(text, "  {:22}{}", exit_name(exit), exit.meaning());
    }
    let _ = write!(text, "\nA page on each: runner explain CODE");
    text
}

fn list_json() -> Value {
    json!({
        "codes": Code::ALL.iter().map(|&code| json!({
            "code": code.as_str(),
            "severity": severity(code),
            "title": code.title(),
        })).collect::<Vec<_>>(),
        "exit_codes": Exit::ALL.iter().map(|&exit| exit_json(exit)).collect::<Vec<_>>(),
    })
}

/// In the shape of one, whatever the number stands for.
fn exits_json(exits: &[Exit]) -> Value {
    let joined = |words: fn(Exit) -> &'static str, between: &str| {
        let all: Vec<&str> = exits.iter().map(|exit| words(*exit)).collect();
        all.join(between)
    };
    json!({
        "exit_code": exits.first().map(|exit| exit.code()),
        "title": joined(Exit::meaning, "; "),
        "help": joined(Exit::remedy, "\n"),
    })
}

fn exit_json(exit: Exit) -> Value {
    json!({ "exit_code": exit.code(), "title": exit.meaning(), "help": exit.remedy() })
}

fn page_json(code: Code) -> Value {
    let page = code.page();
    let example = |example: &Example| json!({ "flags": example.flags, "manifest": example.yaml });
    let near: Vec<&str> = page.see_also.iter().map(|code| code.as_str()).collect();
    json!({
        "code": code.as_str(),
        "severity": severity(code),
        "title": page.title,
        "text": page.text,
        "wrong": example(&page.wrong),
        "right": example(&page.right),
        "why": page.why,
        "see_also": near,
    })
}

fn page(code: Code) -> String {
    let page = code.page();
    let mut text = heading(&format!("{}[{code}]: {}", severity(code), page.title));
    text.push_str("\n\n");
    if !page.text.is_empty() {
        let _ = writeln!(text, "{}\n", page.text);
    }
    for (title, example) in [("Wrong", &page.wrong), ("Right", &page.right)] {
        let _ = writeln!(text, "{}\n", heading(title));
        if !example.flags.is_empty() {
            let _ = writeln!(text, "    # runner check shots.yaml {}", example.flags);
        }
        for line in example.yaml.lines() {
            let _ = writeln!(text, "    {line}");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}\n\n{}\n", heading("Why"), page.why);
    if code.is_lint() {
        let _ = writeln!(text, "{}\n", heading("As a warning"));
        let _ = writeln!(
            text,
            "The manifest says what becomes of it: `lints: {{ {code}: allow }}` (or `deny`);\n\
             so does the command line: `--allow {code}`, `--deny {code}`.\n"
        );
    }
    let near: Vec<&str> = page.see_also.iter().map(|code| code.as_str()).collect();
    let _ = write!(text, "{} {}", heading("See also:"), near.join(", "));
    text
}

/// Bold; the stream takes the style away where it is not wanted.
fn heading(text: &str) -> String {
    let bold = clap::builder::styling::Style::new().bold();
    format!("{bold}{text}{bold:#}")
}
