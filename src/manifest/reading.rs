//! A manifest and all that it includes, as trees.
//!
//! Owns who includes whom and how much is read in all: a file counts once,
//! however often it is included, so that files that include each other many
//! times cost no more than their texts. Every file is compared with the schema
//! here; what its keys mean is `lower`'s.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::diag::{Code, Diagnostic, SourceFile, SourceId, Sources, Span, Spanned};
use crate::manifest::files::{Files, Unreadable};
use crate::manifest::lower_shot::texts;
use crate::manifest::model::Row;
use crate::manifest::reader::{self, MAX_NODES, MAX_TEXT_BYTES};
use crate::manifest::tree::{Kind, Node};
use crate::manifest::{no_manifest, rows, schema, start, validate};

/// Most files that one manifest is made of.
pub const MAX_FILES: usize = 1_000;

/// Most files that include each other, one inside the other.
pub const MAX_INCLUDES: usize = 16;

/// One file of a film.
pub(super) struct Part {
    pub(super) root: Node,
    /// Relative to the manifest's folder; paths in this file start here.
    pub(super) folder: PathBuf,
    /// What it includes, in written order.
    pub(super) parts: Vec<Part>,
}

/// A film while it is being read.
pub(super) struct Reading<'a> {
    pub(super) sources: &'a mut Sources,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The folders of included files.
    pub(super) folders: HashMap<SourceId, PathBuf>,
    files: &'a dyn Files,
    schema: &'a Value,
    /// Made when there is something to compare with it.
    schema_of_parts: Option<Value>,
    /// Where every path leads that was written somewhere; each is looked for once.
    found: HashMap<PathBuf, Result<PathBuf, Unreadable>>,
    /// Parts that were read, and who is still being read.
    known: HashSet<PathBuf>,
    chain: Vec<(PathBuf, String)>,
    tables: HashMap<PathBuf, Option<Arc<Vec<Row>>>>,
    too_many: bool,
    bytes_left: usize,
    nodes_left: usize,
}

impl<'a> Reading<'a> {
    pub(super) fn new(sources: &'a mut Sources, files: &'a dyn Files, schema: &'a Value) -> Self {
        Self {
            schema_of_parts: None,
            sources,
            files,
            schema,
            diagnostics: Vec::new(),
            folders: HashMap::new(),
            found: HashMap::new(),
            known: HashSet::new(),
            chain: Vec::new(),
            tables: HashMap::new(),
            too_many: false,
            bytes_left: MAX_TEXT_BYTES,
            nodes_left: MAX_NODES,
        }
    }

    /// The manifest itself. `None` when there is nothing to go on with.
    pub(super) fn main(&mut self, id: SourceId) -> Option<Part> {
        let file = self.sources.get(id);
        let name = file.name.clone();
        self.bytes_left = self.bytes_left.saturating_sub(file.text.len());
        if let Some(main) = self.files.main() {
            self.known.insert(main.clone());
            self.chain.push((main, name));
        }
        let root = self.tree(id)?;
        if let Some(nothing) = no_manifest(&root, self.sources, id) {
            self.diagnostics.push(nothing);
            return None;
        }
        let schema = self.schema;
        self.compare(&root, schema, id);
        Some(self.part(root, PathBuf::new()))
    }

    fn part(&mut self, root: Node, folder: PathBuf) -> Part {
        let included = root.get("include").map_or_else(Vec::new, texts);
        let parts = included.iter();
        let parts = parts
            .filter_map(|path| self.included(path, &folder))
            .collect();
        Part {
            root,
            folder,
            parts,
        }
    }

    fn included(&mut self, path: &Spanned<String>, folder: &Path) -> Option<Part> {
        let (id, identity) = self.open(path, folder)?;
        let name = self.sources.get(id).name.clone();
        let inside = folder.join(&path.value);
        let inside = inside.parent().unwrap_or(Path::new("")).to_owned();
        self.folders.insert(id, inside.clone());
        let root = self.tree(id)?;
        // Nothing is written in it yet, and nothing is wrong with that.
        if root.kind != Kind::Null {
            let schema = self.schema_of_parts.take();
            let schema = schema.unwrap_or_else(|| schema::of_parts(self.schema));
            self.compare(&root, &schema, id);
            self.schema_of_parts = Some(schema);
        }
        self.chain.push((identity, name));
        let part = self.part(root, inside);
        self.chain.pop();
        Some(part)
    }

    /// Reads a part that was not read before.
    fn open(&mut self, path: &Spanned<String>, folder: &Path) -> Option<(SourceId, PathBuf)> {
        if self.chain.len() > MAX_INCLUDES {
            let message = format!("files include each other more than {MAX_INCLUDES} deep");
            self.tell(Code::TooLarge, path.span, message);
            return None;
        }
        let identity = self.find(path, folder)?;
        if let Some(at) = self.chain.iter().position(|(open, _)| *open == identity) {
            let cycle = self.circle(at, path.span);
            self.diagnostics.push(cycle);
            return None;
        }
        if !self.known.insert(identity.clone()) {
            return None;
        }
        Some((self.take(path, folder)?, identity))
    }

    fn circle(&self, at: usize, span: Span) -> Diagnostic {
        let names: Vec<&str> = self.chain[at..].iter().map(|(_, name)| &**name).collect();
        let message = format!("`{}` includes itself", names[0]);
        let mut cycle = Diagnostic::error(Code::Cycle, span, message);
        if let [first, rest @ ..] = names.as_slice()
            && !rest.is_empty()
        {
            let way = rest.join("`, which includes `");
            cycle = cycle.note(format!("`{first}` includes `{way}`"));
        }
        cycle.help("leave one of them out")
    }

    /// Which file a path leads to that is written in a file of a folder.
    fn find(&mut self, path: &Spanned<String>, folder: &Path) -> Option<PathBuf> {
        if path.value.contains("{{") || path.value.contains("{%") {
            let message = "the path of a file that is read first takes no templates";
            self.tell(Code::BadValue, path.span, message.to_owned());
            return None;
        }
        let whole = folder.join(&path.value);
        let found = match self.found.get(&whole) {
            Some(found) => found.clone(),
            None if self.found.len() == MAX_FILES => {
                if !std::mem::replace(&mut self.too_many, true) {
                    let message = format!("a manifest is made of {MAX_FILES} files at most");
                    self.tell(Code::TooLarge, path.span, message);
                }
                return None;
            }
            None => {
                let found = self.files.find(&whole);
                self.found.insert(whole, found.clone());
                found
            }
        };
        found.map_err(|why| self.unreadable(path, &why)).ok()
    }

    /// Reads a file that was found, unless all of them together are too much.
    fn take(&mut self, path: &Spanned<String>, folder: &Path) -> Option<SourceId> {
        let read = self.files.read(&folder.join(&path.value), self.bytes_left);
        let file = read.map_err(|why| self.unreadable(path, &why)).ok()?;
        let Some(left) = self.bytes_left.checked_sub(file.text.len()) else {
            let message =
                format!("the files of this manifest have more than {MAX_TEXT_BYTES} bytes");
            self.tell(Code::TooLarge, path.span, message);
            return None;
        };
        self.bytes_left = left;
        Some(self.sources.add(SourceFile::new(file.name, file.text)))
    }

    fn unreadable(&mut self, path: &Spanned<String>, why: &Unreadable) {
        let message = format!("`{}` cannot be read: {why}", path.value);
        let diagnostic = Diagnostic::error(Code::Include, path.span, message);
        self.diagnostics.push(match why {
            Unreadable::Missing {
                similar: Some(near),
            } => {
                let near = Path::new(&path.value).with_file_name(near);
                diagnostic.help(format!("did you mean `{}`?", near.display()))
            }
            Unreadable::Missing { similar: None } => {
                diagnostic.note("paths are relative to the file that names them")
            }
            Unreadable::Refused(_) => diagnostic,
        });
    }

    fn tree(&mut self, id: SourceId) -> Option<Node> {
        let text = self.sources.get(id).text.clone();
        let (root, mut found) = reader::read_within(&text, id, &mut self.nodes_left);
        self.diagnostics.append(&mut found);
        root
    }

    fn compare(&mut self, root: &Node, schema: &Value, id: SourceId) {
        let here = |told: &Diagnostic| start(told).filter(|(file, _)| *file == id);
        let places: Vec<_> = self.diagnostics.iter().filter_map(here).collect();
        let shape = validate::validate(root, schema);
        // What the reader told of a place is not told again.
        let new = |told: &Diagnostic| start(told).is_none_or(|place| !places.contains(&place));
        self.diagnostics.extend(shape.into_iter().filter(new));
    }

    /// The rows that a shot is made for: a list, or the path of a file with one.
    pub(super) fn rows(&mut self, node: &Node, folder: &Path) -> Option<Arc<Vec<Row>>> {
        let Some(path) = node.spanned_text() else {
            let list = matches!(node.kind, Kind::List(_));
            return list.then(|| Arc::new(rows::of_list(node, &mut self.diagnostics)));
        };
        let identity = self.find(&path, folder)?;
        if let Some(table) = self.tables.get(&identity) {
            return table.clone();
        }
        let rows = self.table(&path, folder).map(Arc::new);
        self.tables.insert(identity, rows.clone());
        rows
    }

    fn table(&mut self, path: &Spanned<String>, folder: &Path) -> Option<Vec<Row>> {
        let id = self.take(path, folder)?;
        let is_csv = Path::new(&path.value)
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("csv"));
        if is_csv {
            let left = &mut self.nodes_left;
            return Some(rows::of_csv(self.sources, id, left, &mut self.diagnostics));
        }
        let root = self.tree(id)?;
        Some(rows::of_list(&root, &mut self.diagnostics))
    }

    fn tell(&mut self, code: Code, span: Span, message: String) {
        self.diagnostics
            .push(Diagnostic::error(code, span, message));
    }
}
