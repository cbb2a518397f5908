//! YAML text to tree, under budgets.
//!
//! Owns duplicate keys, anchors, merge keys (`<<`) and the limits on size.
//! Never knows what a manifest is, never recurses (the stack is a `Vec`), and
//! an alias costs one pointer: what it stands for is counted, not copied.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks, Tag};

use crate::diag::{Code, Diagnostic, SourceId, Span};
use crate::manifest::mapping::MapFrame;
use crate::manifest::places::{Places, shown};
use crate::manifest::scalar;
use crate::manifest::stumble;
use crate::manifest::tree::{Kind, Node};

/// Longest text that is read, in bytes.
pub const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;

/// Deepest nesting of lists and mappings.
pub const MAX_DEPTH: usize = 64;

/// Most nodes, counting those behind an alias every time it is used.
pub const MAX_NODES: usize = 2_000_000;

/// Most mistakes of one kind of check that are told; beyond, nobody reads on.
pub const MAX_TOLD: usize = 1_000;

/// Reads one document. `None` when the text is no YAML or is beyond a budget;
/// a duplicate key costs a diagnostic and nothing else.
pub(crate) fn read(text: &str, file: SourceId) -> (Option<Node>, Vec<Diagnostic>) {
    read_within(text, file, &mut MAX_NODES.clone())
}

/// The same for one of several texts, which have so many nodes left together.
pub(crate) fn read_within(
    text: &str,
    file: SourceId,
    nodes_left: &mut usize,
) -> (Option<Node>, Vec<Diagnostic>) {
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
    reader.nodes = MAX_NODES - *nodes_left;
    let outcome = reader.run();
    *nodes_left = MAX_NODES.saturating_sub(reader.nodes);
    match outcome {
        Ok(()) => {
            let nothing = Node {
                span: shown(text, Span::new(file, 0, 0)),
                kind: Kind::Null,
            };
            let root = reader.root.unwrap_or(nothing);
            (Some(root), reader.diagnostics)
        }
        Err(fatal) => {
            // What went before it is told anew when it is mended.
            let all = fatal.code != Code::Syntax;
            reader.diagnostics.retain(|_| all);
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

/// A finished subtree behind an anchor, and what it counts for.
struct Anchored {
    node: Node,
    nodes: usize,
}

struct Reader<'a> {
    places: Places<'a>,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    /// Nodes so far, aliases expanded.
    nodes: usize,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, file: SourceId) -> Self {
        Self {
            places: Places::new(text, file),
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            nodes: 0,
            diagnostics: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<(), Fatal> {
        let mut parser = Parser::new_from_str(self.places.body());
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
        let span = self.places.span(marks);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let (kind, span) = self.scalar(&text, style, tag.as_deref(), span)?;
                let plain = style == ScalarStyle::Plain;
                self.count(1, span)?;
                self.finish(Node { span, kind }, anchor, 1, plain);
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(span, tag.as_deref())?;
                let start = self.places.after_properties(span).start;
                self.stack.push(Frame::List {
                    start,
                    anchor,
                    items: Vec::new(),
                    nodes: 1,
                });
            }
            Event::MappingStart(anchor, tag) => {
                self.open(span, tag.as_deref())?;
                let start = self.places.after_properties(span).start;
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
            return Err(too_deep(self.places.point(span)));
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
            Diagnostic::error(Code::TooLarge, self.places.point(span), message)
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
                let span = self.places.collection(start, last, end);
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
                let span = self.places.collection(frame.start, last, end);
                let (anchor, nodes) = (frame.anchor, frame.nodes);
                let entries = frame.merged(&mut self.diagnostics);
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

    /// Puts a finished node where it belongs: into the open collection, or at the root.
    fn finish(&mut self, mut node: Node, anchor: usize, nodes: usize, plain: bool) {
        if anchor > 0 {
            let node = node.clone();
            self.anchors.insert(anchor, Anchored { node, nodes });
        }
        match self.stack.last_mut() {
            None => {
                node.span = shown(self.places.text, node.span);
                self.root = Some(node);
            }
            Some(Frame::List {
                items,
                nodes: total,
                ..
            }) => {
                *total = total.saturating_add(nodes);
                node.span = shown(self.places.text, node.span);
                items.push(node);
            }
            Some(Frame::Map(frame)) => {
                frame.nodes = frame.nodes.saturating_add(nodes);
                self.diagnostics
                    .extend(frame.take(node, plain, self.places.text));
            }
        }
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
            ScalarStyle::Literal | ScalarStyle::Folded => self.places.block(span),
            _ => self.places.after_properties(span),
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
                    self.places.point(span),
                    format!("the tag `{tag}` means nothing here"),
                )
                .help("leave the tag out; a text that begins with `!` needs quotes"),
            )),
            _ => Ok(()),
        }
    }

    fn syntax(&self, error: &saphyr_parser::ScanError) -> Fatal {
        let span = self.places.stop(error.marker());
        if error.info() == TOO_DEEP {
            return too_deep(span);
        }
        let at = self.places.byte(error.marker());
        let Some(slip) = stumble::explain(self.places.text, at, error.info()) else {
            let diagnostic = Diagnostic::error(Code::Syntax, span, "this is not YAML");
            return Box::new(diagnostic.note(format!("the reader says: {}", error.info())));
        };
        Box::new(slip.diagnostic(span.file))
    }

    fn second_document(&self, marks: Marks) -> Fatal {
        let span = self.places.point(self.places.span(marks));
        let message = "a second document begins here, and a manifest is one document";
        Box::new(
            Diagnostic::error(Code::Syntax, span, message).help("put it into a file of its own"),
        )
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

#[cfg(test)]
mod tests;
