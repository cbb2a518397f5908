//! Every message of the program is in the catalogue, with every hole.
//!
//! A message is a text of the source with at least two words, or one that a
//! person is known to read alone; which texts are nobody's reading is listed
//! here, with the reason. `CATALOGUE=update cargo test --test catalogue` writes
//! what is missing into the catalogue, to be translated, and takes out what is
//! gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

const CATALOGUE: &str = "src/lang/zh.po";

/// Files whose texts no person reads in the course of using the program.
const SILENT: &[(&str, &str)] = &[
    ("src/lang/", "the catalogue itself"),
    (
        "src/spec/shared/",
        "said by the build, to who changes the documents",
    ),
    ("src/ledger/", "SQL, and the words of the file"),
    ("src/simulator/", "answers in the service's own words"),
    ("src/media/", "codecs and boxes, for who repairs a file"),
    ("src/plan/lock/text.rs", "the words of the file"),
    ("src/report/schema", "descriptions in a JSON Schema"),
    ("src/report/graph", "notations of drawings"),
    ("src/report/timeline/edl.rs", "the notation of edit lists"),
];

/// Macros and functions whose texts are for programmers.
const PROGRAMMERS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "debug_assert",
    "debug_assert_eq",
    "env",
    "expect",
    "expect_err",
    "include_str",
    "panic",
    "unreachable",
];

struct Message {
    text: String,
    place: String,
}

#[test]
fn every_message_is_in_the_catalogue() {
    let wanted = messages();
    let known = entries();
    if std::env::var("CATALOGUE").as_deref() == Ok("update") {
        update(&wanted, &known);
        return;
    }
    let missing: Vec<String> = wanted
        .iter()
        .filter(|(text, _)| known.get(*text).is_none_or(String::is_empty))
        .map(|(text, place)| format!("{place}: {text}"))
        .collect();
    assert!(
        missing.is_empty(),
        "{} messages have no translation in {CATALOGUE} (CATALOGUE=update adds them):\n{}",
        missing.len(),
        missing.join("\n")
    );
    let gone: Vec<&String> = known
        .keys()
        .filter(|text| !wanted.contains_key(*text) && text.contains(' '))
        .collect();
    assert!(gone.is_empty(), "nothing says this any more:\n{gone:#?}");
}

/// What is said, with the place that says it first.
fn messages() -> BTreeMap<String, String> {
    let mut found = Vec::new();
    walk(Path::new("src"), &mut |path| {
        let name = path.to_string_lossy().replace('\\', "/");
        let silent = SILENT.iter().any(|(place, _)| name.starts_with(place));
        let test =
            name.ends_with("tests.rs") || name.contains("/tests/") || name.ends_with("script.rs");
        if !silent && !test {
            let source = fs::read_to_string(path).expect("sources are text");
            let tokens: TokenStream = source.parse().expect("sources are Rust");
            let mut texts = Vec::new();
            collect(tokens, &mut texts);
            found.extend(texts.into_iter().map(|text| Message {
                text,
                place: name.clone(),
            }));
        }
    });
    help(&runner::cli::Cli::command(), &mut found);
    found.extend(runner::report::gallery::WORDS.iter().map(|word| Message {
        text: (*word).to_owned(),
        place: "report.html".to_owned(),
    }));
    let mut messages = BTreeMap::new();
    for Message { text, place } in found {
        messages.entry(text).or_insert(place);
    }
    messages
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    let entries = fs::read_dir(folder).expect("src can be listed");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("src can be listed").path())
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, visit);
        } else if path.extension().is_some_and(|end| end == "rs") {
            visit(&path);
        }
    }
}

/// The texts of a file, without attributes (but those of errors), tests, and
/// what is said to programmers.
fn collect(tokens: TokenStream, texts: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut called = String::new();
    let mut testing = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                let bang = matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == '!');
                if bang {
                    tokens.next();
                }
                if let Some(TokenTree::Group(attribute)) = tokens.next() {
                    let text = attribute.stream().to_string();
                    testing |= text.replace(' ', "").starts_with("cfg(test)");
                    if text.starts_with("error") {
                        collect(attribute.stream(), texts);
                    }
                }
            }
            TokenTree::Punct(punct) => {
                if !matches!(punct.as_char(), '!' | ':') {
                    called.clear();
                }
                testing &= punct.as_char() != ';';
            }
            TokenTree::Ident(ident) => called = ident.to_string(),
            TokenTree::Group(group) => {
                let ends = group.delimiter() == Delimiter::Brace;
                let skip = testing && ends;
                if !skip && !PROGRAMMERS.contains(&called.as_str()) {
                    collect(group.stream(), texts);
                }
                testing &= !ends;
                called.clear();
            }
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    texts.extend(Some(text.value()).filter(|text| is_message(text)));
                }
                called.clear();
            }
        }
    }
}

/// Two words at least, apart from what stands in holes.
fn is_message(text: &str) -> bool {
    // Escapes of YAML, not words.
    if text.contains('\u{7}') || text.starts_with("0abt") {
        return false;
    }
    let mut words = String::new();
    let mut depth = 0_u32;
    for c in text.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => words.push(c),
            _ => {}
        }
    }
    let is_word = |word: &&str| word.chars().filter(char::is_ascii_alphabetic).count() > 1;
    let ascii = words.split_whitespace().filter(is_word).count() > 0;
    ascii && text.trim().contains(' ') && words.trim().contains(' ') || {
        let parts: BTreeSet<&str> = words.split_whitespace().filter(is_word).collect();
        text.contains('{') && text.contains(' ') && !parts.is_empty()
    }
}

/// What `--help` says.
fn help(command: &clap::Command, found: &mut Vec<Message>) {
    let mut say = |text: Option<String>| {
        found.extend(text.filter(|text| !text.is_empty()).map(|text| Message {
            text: text.replace('{', "{{").replace('}', "}}"),
            place: format!("{} --help", command.get_name()),
        }));
    };
    let styled = |text: Option<&clap::builder::StyledStr>| text.map(ToString::to_string);
    say(styled(command.get_about()));
    say(styled(command.get_long_about()));
    say(styled(command.get_after_help()));
    for argument in command.get_arguments() {
        say(styled(argument.get_help()));
        say(styled(argument.get_long_help()));
        say(argument.get_help_heading().map(str::to_owned));
        for value in argument.get_possible_values() {
            say(styled(value.get_help()));
        }
    }
    for command in command.get_subcommands() {
        help(command, found);
    }
}

/// The entries of the catalogue, with their translations.
fn entries() -> BTreeMap<String, String> {
    let options = polib::po_file::POParseOptions::default();
    let text = fs::read_to_string(CATALOGUE).expect("the catalogue is there");
    let file = polib::po_file::parse_from_reader_with_option(text.as_bytes(), &options)
        .expect("the catalogue can be read");
    let entry = |message: &dyn polib::message::MessageView| {
        let translation = message.msgstr().expect("no plural forms").to_owned();
        (message.msgid().to_owned(), translation)
    };
    file.messages().map(entry).collect()
}

/// Writes the catalogue anew: kept translations, empty ones for what is new.
fn update(wanted: &BTreeMap<String, String>, known: &BTreeMap<String, String>) {
    let text = fs::read_to_string(CATALOGUE).expect("the catalogue is there");
    let head = text.split("\n\n").next().expect("a head").to_owned();
    let mut by_place: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (text, place) in wanted {
        by_place.entry(place).or_default().push(text);
    }
    let terms = known
        .keys()
        .filter(|text| !text.contains(' ') && !text.is_empty());
    let terms = terms
        .filter(|text| !wanted.contains_key(*text))
        .map(String::as_str);
    by_place.insert("terms", terms.collect());
    let mut text = head;
    for (place, messages) in by_place {
        for message in messages {
            let translation = known.get(message).map_or("", String::as_str);
            let (message, translation) = (quoted(message), quoted(translation));
            write!(
                text,
                "\n\n#: {place}\nmsgid {message}\nmsgstr {translation}"
            )
            .expect("memory is there");
        }
    }
    text.push('\n');
    fs::write(CATALOGUE, text).expect("the catalogue can be written");
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    let escaped = escaped.replace('\t', "\\t");
    if !escaped.contains('\n') {
        return format!("\"{escaped}\"");
    }
    let lines: Vec<&str> = escaped.split('\n').collect();
    let last = lines.len() - 1;
    let lines = lines.iter().enumerate().map(|(at, line)| {
        let end = if at < last { "\\n" } else { "" };
        format!("\n\"{line}{end}\"")
    });
    format!("\"\"{}", lines.collect::<String>())
}
