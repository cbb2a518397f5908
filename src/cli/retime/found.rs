//! Whose video a clip of an edit is.
//!
//! Owns the order in which marks are believed: what we wrote beside the clip, the
//! digest of its take, the path of its media, its name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::cli::handoff::Gathered;
use crate::report::timeline::{Edit, Source, Take};

/// One use of a shot in an edit.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The shot's number in the film; `None` for what belongs to no shot.
    pub(super) shot: Option<usize>,
    /// The digest of the take that is used, where it can be told.
    pub(super) take: Option<String>,
}

/// Finds the shot of every use, in their order.
pub(super) fn find(gathered: &Gathered, edit: &Edit, folder: &Path) -> Vec<Found> {
    let marks = Marks::new(gathered);
    edit.uses
        .iter()
        .map(|each| marks.shot_of(&each.source, folder))
        .collect()
}

/// Everything that names a shot, or a take of it.
struct Marks<'g> {
    ids: HashMap<&'g str, usize>,
    digests: HashMap<&'g str, usize>,
    paths: HashMap<&'g Path, (usize, &'g Take)>,
    /// `None` where several shots have a file of this name.
    names: HashMap<&'g str, Option<(usize, &'g Take)>>,
}

impl<'g> Marks<'g> {
    fn new(gathered: &'g Gathered) -> Self {
        let mut marks = Self {
            ids: HashMap::new(),
            digests: HashMap::new(),
            paths: HashMap::new(),
            names: HashMap::new(),
        };
        for (number, scene) in gathered.film.scenes.iter().enumerate() {
            marks.ids.insert(&scene.id, number);
            for take in scene.shown.iter().chain(&scene.others) {
                marks.digests.insert(&take.sha256, number);
                marks.paths.insert(&take.path, (number, take));
                let name = take.file.rsplit('/').next().unwrap_or(&take.file);
                let entry = marks.names.entry(name).or_insert(Some((number, take)));
                if entry.is_some_and(|(other, _)| other != number) {
                    *entry = None;
                }
            }
        }
        marks
    }

    fn shot_of(&self, source: &Source, folder: &Path) -> Found {
        let path = source.path.as_deref();
        let by_path = path.and_then(|path| self.by_path(path, folder));
        let digest = source.sha256.as_deref();
        let written = source.shot.as_deref();
        let shot = written
            .and_then(|shot| self.ids.get(shot).copied())
            .or_else(|| digest.and_then(|digest| self.digests.get(digest).copied()))
            .or_else(|| by_path.map(|(shot, _)| shot))
            .or_else(|| self.by_name(&source.name));
        let known = digest.filter(|digest| self.digests.contains_key(digest));
        Found {
            shot,
            take: match (by_path, known) {
                // The path is what an editor changes when it changes the media.
                (Some((_, take)), _) => Some(take.sha256.clone()),
                (None, known) => known.map(str::to_owned),
            },
        }
    }

    fn by_path(&self, path: &str, folder: &Path) -> Option<(usize, &'g Take)> {
        let whole = folder.join(path);
        let real: PathBuf = whole.canonicalize().unwrap_or(whole);
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let same_name = || self.names.get(name).copied().flatten();
        self.paths.get(real.as_path()).copied().or_else(same_name)
    }

    /// Editors name clips after their files, and number copies.
    fn by_name(&self, name: &str) -> Option<usize> {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let ids = [name, stem]
            .into_iter()
            .find_map(|id| self.ids.get(id).copied());
        let of_file = self
            .names
            .get(name)
            .copied()
            .flatten()
            .map(|(shot, _)| shot);
        ids.or(of_file)
    }
}
