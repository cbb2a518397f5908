//! Diagnostics: the author's text being wrong, said with its place.
//!
//! Owns the data only: codes here, the page of each in `pages`, and in `levels`
//! what an author makes of a warning. Never prints; `cli::render` is the one
//! place that turns these into text.

mod levels;
mod pages;

use std::fmt;
use std::sync::Arc;

use crate::lang::Language;

pub use levels::{Level, Levels};
pub use pages::{Example, Page};

/// One text that diagnostics point into: a manifest, a vars file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as the author wrote it, for display.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
    /// Whether it was typed on the command line, and is no file.
    pub typed: bool,
}

impl SourceFile {
    /// Keeps a text under the name it was asked for by.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            typed: false,
        }
    }

    /// A text of the command line, by the name of its flag.
    pub fn typed(flag: &str, text: &str) -> Self {
        Self {
            typed: true,
            ..Self::new(flag, text)
        }
    }
}

/// Index of a file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// Every text that was read in this run.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a text and names it.
    pub fn add(&mut self, file: SourceFile) -> SourceId {
        self.files.push(file);
        SourceId((self.files.len() - 1) as u32)
    }

    /// The text behind an id that [`Sources::add`] gave.
    pub fn get(&self, id: SourceId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Every text, in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }

    /// Line and column, both from 1, of a byte offset; columns count characters.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let text = &self.get(span.file).text;
        let start = floor_char_boundary(text, span.start);
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (line, before[line_start..].chars().count() + 1)
    }
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A range of bytes in one source, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Which text.
    pub file: SourceId,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// Bytes `start..end` of `file`.
    pub fn new(file: SourceId, start: usize, end: usize) -> Self {
        Self { file, start, end }
    }
}

/// A value and the place it was written at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Ties a value to its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// Whether a diagnostic stops the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is created while one of these stands.
    Error,
    /// The API would take it, the author might regret it.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What kind of mistake it is; the text form is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code, in the order of the stages that raise them.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The stable name, for example `unknown-key`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The page as it was written: a code without one does not compile.
            fn page_text(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("diag/pages/", $text, ".md")),)* }
            }
        }
    };
}

codes! {
    /// The text is not YAML.
    Syntax = "syntax",
    /// Larger, deeper or more repetitive than a manifest may be.
    TooLarge = "too-large",
    /// A key that means nothing here.
    UnknownKey = "unknown-key",
    /// The same key twice in one mapping.
    DuplicateKey = "duplicate-key",
    /// A key that has to be there is not.
    MissingKey = "missing-key",
    /// A list where a text belongs, and the like.
    WrongType = "wrong-type",
    /// The right type, but not an allowed value.
    BadValue = "bad-value",
    /// An included file that cannot be read.
    Include = "include",
    /// A look or a character that nobody defines.
    UnknownName = "unknown-name",
    /// A manifest version that this program does not read.
    Version = "version",
    /// Two shots would have the same name.
    DuplicateId = "duplicate-id",
    /// A shot id that cannot be a file name.
    BadId = "bad-id",
    /// A template that does not parse or does not render.
    Template = "template",
    /// A template names something that is not defined.
    UndefinedVariable = "undefined-variable",
    /// A matrix that cannot be expanded.
    Matrix = "matrix",
    /// More shots than a run may have.
    TooManyShots = "too-many-shots",
    /// A camera command that the vocabulary does not hold.
    UnknownCamera = "unknown-camera",
    /// A camera command beside a model that does not follow them.
    CameraUnsupported = "camera-unsupported",
    /// Moves that undo each other, or more at once than is advised.
    CameraCombination = "camera-combination",
    /// Exact camera work that the service may rewrite.
    PromptOptimizer = "prompt-optimizer",
    /// A prompt that is nearly as long as one may be.
    PromptLength = "prompt-length",
    /// A prompt that says nearly nothing.
    ThinPrompt = "thin-prompt",
    /// A shot with pictures and without a prompt.
    MissingPrompt = "missing-prompt",
    /// Characters of a prompt that nobody sees.
    InvisibleCharacters = "invisible-characters",
    /// First and last frame of different shapes.
    FrameSize = "frame-size",
    /// Videos of different shapes in one film.
    MixedShapes = "mixed-shapes",
    /// Two shots that ask for the very same video.
    RepeatedRequest = "repeated-request",
    /// A default that does not reach a shot, and that its video differs from.
    IgnoredSetting = "ignored-setting",
    /// A check that the request itself rules out.
    Expectation = "expectation",
    /// A reference to a shot that does not exist.
    UnknownShot = "unknown-shot",
    /// Shots that wait for each other.
    Cycle = "cycle",
    /// Shots that start one from the other, more than is advised.
    DeepChain = "deep-chain",
    /// A picture that cannot be read or that the API would refuse.
    Media = "media",
    /// The address of a picture that may not serve.
    PictureAddress = "picture-address",
    /// A request that the API's document refuses.
    Request = "request",
    /// A model name that no document knows.
    UnknownModel = "unknown-model",
    /// A model that is gone from the vendor's current list.
    RetiredModel = "retired-model",
    /// A file name that leaves the output folder or collides with another.
    OutputPath = "output-path",
    /// A backend that is not defined.
    UnknownBackend = "unknown-backend",
    /// A limit that will hurt.
    Limit = "limit",
    /// An address for callbacks that does not serve.
    Callback = "callback",
    /// A variable that nothing uses.
    UnusedVariable = "unused-variable",
    /// A variable that was given but not declared.
    UnknownVariable = "unknown-variable",
    /// An expression that chooses shots and cannot be understood.
    Filter = "filter",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place with words of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: String,
}

/// One mistake (or lint), complete with place and advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// The stable kind.
    pub code: Code,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The exact words that are wrong; `None` for what has no text, such as a flag.
    pub primary: Option<Label>,
    /// Other places that explain it.
    pub secondary: Vec<Label>,
    /// Why it is wrong.
    pub notes: Vec<String>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, Some(span), message)
    }

    /// A warning at a place.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, Some(span), message)
    }

    /// A diagnostic whose place may be unknown.
    pub fn new(
        severity: Severity,
        code: Code,
        span: Option<Span>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            primary: span.map(|span| Label {
                span,
                text: String::new(),
            }),
            secondary: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// Says something right under the marked words.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(primary) = &mut self.primary {
            primary.text = text.into();
        }
        self
    }

    /// Points at another place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a reason.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// The same in another language, for people; programs are told the original.
    #[must_use]
    pub fn translated(&self, language: Language) -> Self {
        let text = |text: &String| language.tr(text).into_owned();
        let label = |label: &Label| Label {
            text: text(&label.text),
            ..label.clone()
        };
        Self {
            message: text(&self.message),
            primary: self.primary.as_ref().map(label),
            secondary: self.secondary.iter().map(label).collect(),
            notes: self.notes.iter().map(text).collect(),
            help: self.help.as_ref().map(text),
            ..self.clone()
        }
    }

    /// Whether this one stops the run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The nearest of `candidates` to a mistyped `word`, if one is near enough to be
/// meant. Names of any length may stand in a hostile text, and a comparison
/// costs the product of two lengths; nobody mistypes a page.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 200;
    if word.len() > LONGEST {
        return None;
    }
    let wanted = word.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| *distance <= slips(&wanted, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Slips that two words may lie apart: of two letters, one is half of the word,
/// and only a third that is too much may be a slip.
fn slips(word: &str, other: &str) -> usize {
    let other = other.to_lowercase();
    match word.chars().count().min(other.chars().count()) {
        2 if word.starts_with(&other) || other.starts_with(word) => 1,
        0..=2 => 0,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, Sources, Span, suggest};

    #[test]
    fn suggestions_are_near() {
        assert_eq!(suggest("promt", ["prompt", "model"]), Some("prompt"));
        assert_eq!(suggest("Push-in", ["Push in", "Pull out"]), Some("Push in"));
        assert_eq!(suggest("1080p", ["768P", "1080P"]), Some("1080P"));
        assert_eq!(suggest("zebra", ["prompt", "model"]), None);
        assert_eq!(suggest("nope.png", ["wide.png"]), None);
        assert_eq!(suggest("nofile.yaml", ["xnoprice.yaml"]), None);
        assert_eq!(suggest("d", ["b"]), None);
        assert_eq!(suggest("idd", ["id"]), Some("id"));
    }

    #[test]
    fn columns_count_characters() {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a.yaml", "x: 1\n镜头: y\n"));
        let at = "x: 1\n镜头: ".len();
        assert_eq!(sources.line_column(Span::new(file, at, at + 1)), (2, 5));
    }
}
