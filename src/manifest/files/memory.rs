//! Files that tests keep in memory, by path.
//!
//! Owns what a disk would do with `..`, and counts how often it is asked.

use std::cell::Cell;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{FileText, Files, Unreadable};
use crate::diag::{Diagnostic, SourceFile, Sources};
use crate::manifest::model::Manifest;
use crate::manifest::parse;
use crate::spec::Spec;

/// Texts by path; the first is the manifest.
pub(crate) struct Memory {
    pub(crate) files: Vec<(String, String)>,
    /// Texts that were handed out.
    pub(crate) reads: Cell<usize>,
}

impl Memory {
    pub(crate) fn new<P: Into<String>, T: Into<String>>(
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Self {
        let files = files.into_iter();
        Self {
            files: files
                .map(|(path, text)| (path.into(), text.into()))
                .collect(),
            reads: Cell::new(0),
        }
    }

    /// What the first file and all that it includes is as a manifest.
    pub(crate) fn parse(&self) -> (Option<Manifest>, Vec<Diagnostic>, Sources) {
        let mut sources = Sources::default();
        let (name, text) = &self.files[0];
        let main = sources.add(SourceFile::new(name.as_str(), text.as_str()));
        let (manifest, diagnostics) = parse(&mut sources, main, Spec::bundled(), self);
        (manifest, diagnostics, sources)
    }

    fn at(&self, path: &Path) -> Result<&(String, String), Unreadable> {
        let mut parts: Vec<&OsStr> = Vec::new();
        for part in path {
            if part == ".." {
                parts.pop();
            } else if part != "." {
                parts.push(part);
            }
        }
        let plain: PathBuf = parts.into_iter().collect();
        let found = self.files.iter().find(|(name, _)| Path::new(name) == plain);
        found.ok_or(Unreadable::Missing { similar: None })
    }
}

impl Files for Memory {
    fn find(&self, path: &Path) -> Result<PathBuf, Unreadable> {
        Ok(PathBuf::from(&self.at(path)?.0))
    }

    fn read(&self, path: &Path, _most: usize) -> Result<FileText, Unreadable> {
        let (name, text) = self.at(path)?;
        self.reads.set(self.reads.get() + 1);
        Ok(FileText {
            name: name.clone(),
            text: text.clone(),
        })
    }

    fn main(&self) -> Option<PathBuf> {
        self.find(Path::new(&self.files[0].0)).ok()
    }
}
