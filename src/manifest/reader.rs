//! YAML text to tree, under budgets.
//!
//! Owns duplicate keys, anchors, merge keys (`<<`) and the limits on size.
//! Never knows what a manifest is, never recurses (the stack is a `Vec`), and
//! an alias costs one pointer: what it stands for is counted, not copied.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks, Tag};

use crate::diag::{Code, Diagnostic, SourceId, Span, Spanned};
use crate::manifest::offsets::Offsets;
use crate::manifest::scalar;
use crate::manifest::tree::{Entry, Kind, Node};

/// Longest text that is read, in bytes.
pub const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;

/// Deepest nesting of lists and mappings.
pub const MAX_DEPTH: usize = 64;

/// Most nodes, counting those behind an alias every time it is used.
pub const MAX_NODES: usize = 2_000_000;

/// Reads one document. `None` when the text is no YAML or is beyond a budget;
/// a duplicate key costs a diagnostic and nothing else.
pub(crate) fn read(text: &str, file: SourceId) -> (Option<Node>, Vec<Diagnostic>) {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!(
            "the text has {} bytes, more than the {MAX_TEXT_BYTES} that a manifest may have",
            text.len()
        );
        let place = first_line(text, file);
        return (
            None,
            vec![Diagnostic::error(Code::TooLarge, place, message)],
        );
    }
    let mut reader = Reader::new(text, file);
    match reader.run() {
        Ok(()) => {
            let nothing = Node {
                span: shown(text, Span::new(file, 0, 0)),
                kind: Kind::Null,
            };
            let root = reader.root.unwrap_or(nothing);
            (Some(root), reader.diagnostics)
        }
        Err(fatal) => {
            reader.diagnostics.push(*fatal);
            (None, reader.diagnostics)
        }
    }
}

fn first_line(text: &str, file: SourceId) -> Span {
    let line = text.find('\n').unwrap_or(text.len()).min(80);
    let end = (1..=line).rev().find(|&at| text.is_char_boundary(at));
    Span::new(file, 0, end.unwrap_or(0))
}

type Fatal = Box<Diagnostic>;

/// A list or mapping that is still open.
enum Frame {
    List {
        start: usize,
        anchor: usize,
        items: Vec<Node>,
        nodes: usize,
    },
    Map(MapFrame),
}

struct MapFrame {
    start: usize,
    anchor: usize,
    entries: Vec<Entry>,
    /// Place of each key in `entries`.
    known: HashMap<Arc<str>, usize>,
    /// What `<<` stood for, applied when the mapping ends: own keys win.
    merges: Vec<Node>,
    /// The key whose value comes next.
    key: Option<Key>,
    nodes: usize,
}

struct Key {
    text: Arc<str>,
    span: Span,
    role: Role,
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Plain,
    Merge,
    /// A duplicate, or something that cannot be a key: its value is dropped.
    Ignored,
}

/// A finished subtree behind an anchor, and what it counts for.
struct Anchored {
    node: Node,
    nodes: usize,
}

struct Reader<'a> {
    text: &'a str,
    file: SourceId,
    /// Bytes of a byte order mark, which the parser is not shown.
    skipped: usize,
    offsets: Offsets<'a>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    /// Nodes so far, aliases expanded.
    nodes: usize,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, file: SourceId) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            text,
            file,
            skipped: text.len() - body.len(),
            offsets: Offsets::new(body),
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            nodes: 0,
            diagnostics: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<(), Fatal> {
        let mut parser = Parser::new_from_str(&self.text[self.skipped..]);
        let mut documents = 0;
        while let Some(next) = parser.next_event() {
            let (event, marks) = next.map_err(|error| self.syntax(&error))?;
            if matches!(event, Event::DocumentStart(_)) {
                documents += 1;
                if documents > 1 {
                    return Err(self.second_document(marks));
                }
            }
            self.event(event, marks)?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, marks: Marks) -> Result<(), Fatal> {
        let span = self.span(marks);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let (kind, span) = self.scalar(&text, style, tag.as_deref(), span)?;
                let plain = style == ScalarStyle::Plain;
                self.count(1, span)?;
                self.finish(Node { span, kind }, anchor, 1, plain);
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(span, tag.as_deref())?;
                let start = self.after_properties(span).start;
                self.stack.push(Frame::List {
                    start,
                    anchor,
                    items: Vec::new(),
                    nodes: 1,
                });
            }
            Event::MappingStart(anchor, tag) => {
                self.open(span, tag.as_deref())?;
                let start = self.after_properties(span).start;
                self.stack.push(Frame::Map(MapFrame::new(start, anchor)));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => self.alias(id, span)?,
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(&mut self, span: Span, tag: Option<&Tag>) -> Result<(), Fatal> {
        self.check_tag(tag, span)?;
        if self.stack.len() >= MAX_DEPTH {
            return Err(too_deep(self.point(span)));
        }
        self.count(1, span)
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Fatal> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let message =
            format!("the document has more than {MAX_NODES} values, counting aliases in full");
        Err(Box::new(
            Diagnostic::error(Code::TooLarge, self.point(span), message)
                .note("an alias counts as much as everything behind its anchor"),
        ))
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Fatal> {
        let Some(anchored) = self.anchors.get(&id) else {
            let message = "this alias stands inside the value that it names";
            return Err(Box::new(Diagnostic::error(Code::Syntax, span, message)));
        };
        let (node, nodes) = (anchored.node.clone(), anchored.nodes);
        self.count(nodes, span)?;
        // An alias can bring a deep subtree to a deep place.
        if self.stack.len() + depth(&node) > MAX_DEPTH {
            return Err(too_deep(span));
        }
        self.finish(node, 0, nodes, false);
        Ok(())
    }

    fn close(&mut self, end: Span) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        match frame {
            Frame::List {
                start,
                anchor,
                items,
                nodes,
            } => {
                let last = items.last().map(|item| item.span.end);
                let span = self.collection(start, last, end);
                self.finish(
                    Node {
                        span,
                        kind: Kind::List(Arc::new(items)),
                    },
                    anchor,
                    nodes,
                    false,
                );
            }
            Frame::Map(frame) => {
                let last = frame
                    .entries
                    .last()
                    .map(|e| e.value.span.end.max(e.key.span.end));
                let span = self.collection(frame.start, last, end);
                let (anchor, nodes) = (frame.anchor, frame.nodes);
                let entries = self.merged(frame);
                self.finish(
                    Node {
                        span,
                        kind: Kind::Map(Arc::new(entries)),
                    },
                    anchor,
                    nodes,
                    false,
                );
            }
        }
    }

    /// A block collection ends with its last item, since the parser's own end
    /// lies behind the blank lines and comments that follow.
    fn collection(&self, start: usize, last: Option<usize>, end: Span) -> Span {
        let flow = matches!(self.text.as_bytes().get(start), Some(b'[' | b'{'));
        let end = if flow { end.end } else { last.unwrap_or(start) };
        Span::new(self.file, start, end.max(start))
    }

    /// Puts a finished node where it belongs: into the open collection, or at the root.
    fn finish(&mut self, mut node: Node, anchor: usize, nodes: usize, plain: bool) {
        if anchor > 0 {
            let node = node.clone();
            self.anchors.insert(anchor, Anchored { node, nodes });
        }
        match self.stack.last_mut() {
            None => {
                node.span = shown(self.text, node.span);
                self.root = Some(node);
            }
            Some(Frame::List {
                items,
                nodes: total,
                ..
            }) => {
                *total = total.saturating_add(nodes);
                node.span = shown(self.text, node.span);
                items.push(node);
            }
            Some(Frame::Map(frame)) => {
                frame.nodes = frame.nodes.saturating_add(nodes);
                let found = match frame.key.take() {
                    None => frame.begin(&node, plain, self.text),
                    Some(key) => frame.end(key, node),
                };
                self.diagnostics.extend(found);
            }
        }
    }

    fn merged(&mut self, frame: MapFrame) -> Vec<Entry> {
        let MapFrame {
            mut entries,
            mut known,
            merges,
            ..
        } = frame;
        let sources = merges.iter().flat_map(|node| match &node.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        });
        for source in sources {
            if !matches!(source.kind, Kind::Map(_)) {
                let message = format!("`<<` merges mappings, this is {}", source.describe());
                let place = source.span;
                self.diagnostics
                    .push(Diagnostic::error(Code::WrongType, place, message));
            }
            for entry in source.entries() {
                if !known.contains_key(&entry.key.value) {
                    known.insert(entry.key.value.clone(), entries.len());
                    entries.push(entry.clone());
                }
            }
        }
        entries
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(Kind, Span), Fatal> {
        self.check_tag(tag, span)?;
        let forced_text = tag.is_some_and(|tag| tag.suffix == "str" || tag.suffix.is_empty());
        let kind = if style == ScalarStyle::Plain && !forced_text {
            scalar::plain(text)
        } else {
            Kind::Text(Arc::from(text))
        };
        let span = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => self.block(span),
            _ => self.after_properties(span),
        };
        Ok((kind, span))
    }

    fn check_tag(&self, tag: Option<&Tag>, span: Span) -> Result<(), Fatal> {
        let known = |tag: &Tag| {
            let core = ["str", "int", "float", "bool", "null", "seq", "map"];
            tag.is_yaml_core_schema() && core.contains(&tag.suffix.as_str())
                || tag.suffix.is_empty()
        };
        match tag {
            Some(tag) if !known(tag) => Err(Box::new(
                Diagnostic::error(
                    Code::Syntax,
                    self.point(span),
                    format!("the tag `{tag}` means nothing here"),
                )
                .help("leave the tag out"),
            )),
            _ => Ok(()),
        }
    }

    fn span(&self, marks: Marks) -> Span {
        let start = self.skipped + self.offsets.byte(marks.start.index());
        let end = self.skipped + self.offsets.byte(marks.end.index());
        Span::new(self.file, start, end.max(start))
    }

    /// Without the anchor and the tag in front, which the parser's span begins with.
    fn after_properties(&self, span: Span) -> Span {
        let mut start = span.start;
        while matches!(self.text.as_bytes().get(start), Some(b'&' | b'!')) {
            let rest = &self.text[start..];
            let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
            start += word + blank(&rest[word..]);
        }
        Span::new(self.file, start, span.end.max(start))
    }

    /// From the `|` or `>` to the last character. The parser's span begins at
    /// the content, behind the header, and ends behind the last line break.
    fn block(&self, span: Span) -> Span {
        let blank = [' ', '\t', '\n', '\r'];
        let above = self.text[..span.start].trim_end_matches(blank);
        let line = above.rfind('\n').map_or(0, |at| at + 1);
        let header = above[line..]
            .match_indices(['|', '>'])
            .find(|(at, _)| is_block_header(&above[line + at + 1..]));
        let start = header.map_or(span.start, |(at, _)| line + at);
        let end = self.text[..span.end].trim_end_matches(blank).len();
        Span::new(self.file, start, end.max(start + 1))
    }

    fn point(&self, span: Span) -> Span {
        shown(self.text, span)
    }

    fn syntax(&self, error: &saphyr_parser::ScanError) -> Fatal {
        let at = self.skipped + self.offsets.byte(error.marker().index());
        // At the end of the text there is nothing to mark, so mark what came last.
        let at = if self.text[at..].trim().is_empty() {
            self.text.trim_end().len()
        } else {
            at
        };
        let span = self.point(Span::new(self.file, at, at));
        if error.info() == TOO_DEEP {
            return too_deep(span);
        }
        let message = format!("this is not YAML: {}", error.info());
        Box::new(Diagnostic::error(Code::Syntax, span, message))
    }

    fn second_document(&self, marks: Marks) -> Fatal {
        let span = self.point(self.span(marks));
        let message = "a second document begins here, and a manifest is one document";
        Box::new(
            Diagnostic::error(Code::Syntax, span, message).help("put it into a file of its own"),
        )
    }
}

/// A span that marks something: of an empty one the next character, or the last before it.
fn shown(text: &str, span: Span) -> Span {
    if span.start < span.end {
        return span;
    }
    let (before, after) = text.split_at(span.start);
    if let Some(next) = after.chars().next() {
        return Span::new(span.file, span.start, span.start + next.len_utf8());
    }
    let last = before.chars().next_back().map_or(0, char::len_utf8);
    Span::new(span.file, span.start - last, span.start)
}

/// Whether this follows the `|` or `>` of a block scalar to the end of its line.
fn is_block_header(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
    rest.trim().is_empty()
        || rest.trim_start().len() < rest.len() && rest.trim_start().starts_with('#')
}

/// Bytes of white space and comments at the start of a text.
fn blank(text: &str) -> usize {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start().len();
        if !text[at..].starts_with('#') {
            return at;
        }
        at += text[at..].find('\n').unwrap_or(text.len() - at);
    }
}

/// What the parser says when brackets go deeper than it counts; it looks ahead
/// and so may notice before the tree does.
const TOO_DEEP: &str = "recursion limit exceeded";

fn too_deep(span: Span) -> Fatal {
    let message = format!("lists and mappings are nested more than {MAX_DEPTH} deep");
    Box::new(Diagnostic::error(Code::TooLarge, span, message))
}

fn depth(node: &Node) -> usize {
    let below = match &node.kind {
        Kind::List(items) => items.iter().map(depth).max(),
        Kind::Map(entries) => entries.iter().map(|entry| depth(&entry.value)).max(),
        _ => return 0,
    };
    1 + below.unwrap_or(0)
}

impl MapFrame {
    fn new(start: usize, anchor: usize) -> Self {
        Self {
            start,
            anchor,
            entries: Vec::new(),
            known: HashMap::new(),
            merges: Vec::new(),
            key: None,
            nodes: 1,
        }
    }

    /// Takes a node as the next key.
    fn begin(&mut self, node: &Node, plain: bool, source: &str) -> Option<Diagnostic> {
        let span = node.span;
        let text: Arc<str> = match &node.kind {
            Kind::Text(text) => text.clone(),
            Kind::Bool(_) | Kind::Number(_) => Arc::from(&source[span.start..span.end]),
            Kind::Null | Kind::List(_) | Kind::Map(_) => {
                let message = format!("a key is a text, this is {}", node.describe());
                let span = shown(source, span);
                self.key = Some(Key {
                    text: Arc::from(""),
                    span,
                    role: Role::Ignored,
                });
                return Some(Diagnostic::error(Code::WrongType, span, message));
            }
        };
        let first = self.known.get(&text).map(|&at| self.entries[at].key.span);
        let role = match first {
            Some(_) => Role::Ignored,
            None if plain && &*text == "<<" => Role::Merge,
            None => Role::Plain,
        };
        let diagnostic = first.map(|first| {
            Diagnostic::error(Code::DuplicateKey, span, format!("`{text}` is given twice"))
                .label("given again here")
                .also(first, "first given here")
        });
        self.key = Some(Key { text, span, role });
        diagnostic
    }

    /// Takes a node as the value of the last key.
    fn end(&mut self, key: Key, mut value: Node) -> Option<Diagnostic> {
        // Where nothing was written, the key is the place to point at.
        if value.span.start == value.span.end {
            value.span = key.span;
        }
        match key.role {
            Role::Plain => {
                self.known.insert(key.text.clone(), self.entries.len());
                let key = Spanned::new(key.text, key.span);
                self.entries.push(Entry { key, value });
            }
            Role::Merge => self.merges.push(value),
            Role::Ignored => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::time::{Duration, Instant};

    use proptest::prelude::{ProptestConfig, proptest};
    use serde_json::json;

    use super::{MAX_TEXT_BYTES, read};
    use crate::diag::{Code, SourceId};

    fn codes(text: &str) -> Vec<Code> {
        let (_, diagnostics) = read(text, SourceId(0));
        for diagnostic in &diagnostics {
            let primary = diagnostic.primary.as_ref().expect("a place");
            assert!(primary.span.start < primary.span.end, "{diagnostic:?}");
            assert!(text.get(primary.span.start..primary.span.end).is_some());
        }
        diagnostics.iter().map(|d| d.code).collect()
    }

    #[test]
    fn values_and_places() {
        let text =
            "# 注释\na: &x [1, 'b', {c: ~}]\nd: *x\ne:\n  - f: 1\n    g: |\n      t\n\n# end\n";
        let (root, diagnostics) = read(text, SourceId(0));
        assert_eq!(diagnostics, []);
        let root = root.expect("a document");
        assert_eq!(
            root.to_json(),
            json!({"a": [1, "b", {"c": null}], "d": [1, "b", {"c": null}],
                   "e": [{"f": 1, "g": "t\n"}]})
        );
        let slice = |pointer: &str| {
            let span = root.pointer(pointer).expect("a node").span;
            &text[span.start..span.end]
        };
        assert_eq!(slice("/a"), "[1, 'b', {c: ~}]");
        assert_eq!(slice("/d/1"), "'b'");
        assert_eq!(slice("/e/0/f"), "1");
        assert_eq!(slice("/e/0"), "f: 1\n    g: |\n      t");
    }

    #[test]
    fn merge_keys_give_way_to_own_keys() {
        let text = "b: &b {x: 1, y: 2}\nc: &c {y: 3, z: 4}\nd: {<<: [*b, *c], x: 9}\n";
        let (root, diagnostics) = read(text, SourceId(0));
        assert_eq!(diagnostics, []);
        let merged = root.and_then(|root| root.get("d").map(super::Node::to_json));
        assert_eq!(merged, Some(json!({"x": 9, "y": 2, "z": 4})));
        assert_eq!(codes("a: {<<: 5}"), [Code::WrongType]);
    }

    #[test]
    fn mistakes_have_places() {
        assert_eq!(codes("a: 1\nb: 2\na: 3\na: 4\n"), [Code::DuplicateKey; 2]);
        assert_eq!(codes("a: [1\nb: 2"), [Code::Syntax]);
        assert_eq!(codes("a: \"x"), [Code::Syntax]);
        assert_eq!(codes("a: *nope"), [Code::Syntax]);
        assert_eq!(codes("a: &a [*a]"), [Code::Syntax]);
        assert_eq!(codes("a: 1\n---\nb: 2"), [Code::Syntax]);
        assert_eq!(codes("[a]: 1"), [Code::WrongType]);
        assert_eq!(codes("a: !thing 1"), [Code::Syntax]);
        assert_eq!(codes(""), []);
    }

    #[test]
    fn hostile_texts_are_refused_quickly() {
        let mut laughs = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..30 {
            let _ = write!(laughs, "a{level}: &a{level} [");
            for _ in 0..10 {
                let _ = write!(laughs, "*a{},", level - 1);
            }
            laughs.push_str("]\n");
        }
        let mut merges = String::from("a0: &a0 {x: 1}\n");
        for level in 1..60 {
            let before = level - 1;
            let _ = writeln!(
                merges,
                "a{level}: &a{level} {{<<: [*a{before}, *a{before}]}}"
            );
        }
        for text in [
            "[".repeat(100_000),
            "{a: ".repeat(100_000),
            "- ".repeat(100_000),
            laughs,
            merges,
            "x".repeat(MAX_TEXT_BYTES + 1),
        ] {
            let start = Instant::now();
            assert_eq!(codes(&text), [Code::TooLarge], "{:?}", text.get(..20));
            assert!(start.elapsed() < Duration::from_secs(5));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_panics(text in "[-a-c:\\[\\]{}&*!|>'\"%#?,<~ \n\t\r\u{feff}镜0-9.]{0,80}") {
            codes(&text);
        }

        #[test]
        fn no_unicode_panics(text in "\\PC{0,60}") {
            codes(&text);
        }
    }
}
