//! Diagnostics for programs: what, where, why, and what to do.
//!
//! Owns the shape of the JSON, close to Terraform's, and its schema, which comes
//! from these types. Lines and columns begin at 1, bytes at 0; a column counts
//! characters. The end is where the first character stands that is not meant.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Value, json};

use crate::diag::{self, Label, Severity, Sources, Span};

/// What `runner check --json` and `runner plan --json` begin with; what each of them
/// has beside it is not listed here.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Diagnostics of runner")]
struct Report {
    /// The version of this format: the first number grows when a reader must change.
    format_version: FormatVersion,
    /// Whether there is no error.
    valid: bool,
    /// How many errors there are.
    error_count: usize,
    /// How many warnings there are.
    warning_count: usize,
    /// Every mistake and every warning.
    diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Serialize, JsonSchema)]
enum FormatVersion {
    #[serde(rename = "1.0")]
    One,
}

/// One mistake or warning.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Diagnostic {
    /// Whether it stops the run.
    severity: Level,
    /// The stable kind, such as `unknown-key`.
    code: &'static str,
    /// What is wrong, in one line.
    message: String,
    /// Why it is wrong; one reason a line.
    detail: Option<String>,
    /// The exact words that are wrong; nothing for what has no text, such as a flag.
    range: Option<Range>,
    /// Other places that explain it.
    related: Vec<Range>,
    /// What to write instead.
    help: Option<String>,
    /// The command that says more.
    explain: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// Nothing is created while one of these stands.
    Error,
    /// The API would take it, the author might regret it.
    Warning,
}

/// A place in a text.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Range {
    /// The path of the text, as it was given.
    file: String,
    /// Where it begins.
    start: Position,
    /// Where the first character stands that does not belong to it.
    end: Position,
    /// What is said of this place; may be empty.
    label: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Position {
    /// From 1.
    #[schemars(range(min = 1))]
    line: usize,
    /// From 1, in characters.
    #[schemars(range(min = 1))]
    column: usize,
    /// From 0, in bytes of UTF-8 from the beginning of the text.
    byte: usize,
}

/// The schema of [`Report`], draft 2020-12.
pub(crate) fn diagnostics_schema() -> Value {
    let generator: SchemaGenerator = SchemaSettings::draft2020_12().for_serialize().into();
    generator.into_root_schema_for::<Report>().to_value()
}

/// The diagnostics as an object, to which a command adds what else it has to say.
pub(crate) fn diagnostics_json(told: &[diag::Diagnostic], sources: &Sources) -> Value {
    let error_count = told.iter().filter(|told| told.is_error()).count();
    json!(Report {
        format_version: FormatVersion::One,
        valid: error_count == 0,
        error_count,
        warning_count: told.len() - error_count,
        diagnostics: told.iter().map(|told| one(told, sources)).collect(),
    })
}

fn one(told: &diag::Diagnostic, sources: &Sources) -> Diagnostic {
    let place = |label: &Label| range(label, sources);
    Diagnostic {
        severity: match told.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        },
        code: told.code.as_str(),
        message: told.message.clone(),
        detail: (!told.notes.is_empty()).then(|| told.notes.join("\n")),
        range: told.primary.as_ref().map(place),
        related: told.secondary.iter().map(place).collect(),
        help: told.help.clone(),
        explain: format!("runner explain {}", told.code),
    }
}

fn range(label: &Label, sources: &Sources) -> Range {
    let span = label.span;
    Range {
        file: sources.get(span.file).name.replace('\\', "/"),
        start: position(Span::new(span.file, span.start, span.start), sources),
        end: position(Span::new(span.file, span.end, span.end), sources),
        label: label.text.clone(),
    }
}

fn position(point: Span, sources: &Sources) -> Position {
    let (line, column) = sources.line_column(point);
    Position {
        line,
        column,
        byte: point.start,
    }
}
