//! Which files are written, and which never are.
//!
//! Owns names of sheets and posters. Refuses, before any work, whatever would take
//! the place of something that cannot be made again: the manifest, a video, a
//! picture that a shot starts from, or a file that is no sheet.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::check::CheckedShot;
use crate::check::media::CheckedMedia;
use crate::cli::args::{SheetArgs, SheetFormat};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare;
use crate::id::sha256_hex;
use crate::ledger::Records;
use crate::media::thumbnail::is_own_jpeg;
use crate::store::{self, Store};

/// Bytes of a poster's name without its ending; file systems allow 255.
const LONGEST_NAME: usize = 180;

/// Where the sheet goes, and as what.
#[derive(Debug, Clone)]
pub(super) struct Target {
    path: PathBuf,
    pub(super) format: SheetFormat,
}

/// What is asked for; `None` where only posters or JSON are.
pub(super) fn target(args: &SheetArgs, folder: &Path) -> Result<Option<Target>, CliError> {
    let named = args.out.is_some() || args.format.is_some();
    if !named && (args.json || args.posters.is_some()) {
        return Ok(None);
    }
    let by_ending = args.out.as_deref().map(format_of);
    let format = match (args.format, by_ending) {
        (Some(format), Some(Some(other))) if format != other => {
            let path = args.out.as_deref().unwrap_or(folder).display();
            let message = format!("`{path}` ends like another format than `--format` names");
            return Err(CliError::new(Exit::Usage, message).advice("leave one of the two out"));
        }
        (Some(format), _) | (None, Some(Some(format))) => format,
        (None, None) => SheetFormat::Png,
        (None, Some(None)) => {
            let path = args.out.as_deref().unwrap_or(folder).display();
            let message = format!("`{path}` does not end like a format");
            return Err(CliError::new(Exit::Usage, message)
                .advice("end it with .png, .jpg, .webp or .pdf, or add --format"));
        }
    };
    let path = args.out.clone().unwrap_or_else(|| {
        let mut name = args.manifest.manifest.file_stem().map(OsString::from);
        let name = name.get_or_insert_default();
        name.push(format!(".sheet.{}", ending(format)));
        folder.join(name)
    });
    Ok(Some(Target { path, format }))
}

fn format_of(path: &Path) -> Option<SheetFormat> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match ending.as_str() {
        "png" => SheetFormat::Png,
        "jpg" | "jpeg" => SheetFormat::Jpeg,
        "webp" => SheetFormat::Webp,
        "pdf" => SheetFormat::Pdf,
        _ => return None,
    })
}

fn ending(format: SheetFormat) -> &'static str {
    match format {
        SheetFormat::Png => "png",
        SheetFormat::Jpeg => "jpg",
        SheetFormat::Webp => "webp",
        SheetFormat::Pdf => "pdf",
    }
}

impl Target {
    /// The files of a sheet of so many pages: `film.png`, or `film-1.png` and so on.
    pub(super) fn files(&self, pages: usize) -> Vec<PathBuf> {
        if pages == 1 {
            return vec![self.path.clone()];
        }
        let digits = pages.to_string().len();
        let page = |number: usize| {
            let mut name = self.path.file_stem().unwrap_or_default().to_owned();
            name.push(format!("-{number:0digits$}"));
            if let Some(ending) = self.path.extension() {
                name.push(".");
                name.push(ending);
            }
            self.path.with_file_name(name)
        };
        (1..=pages).map(page).collect()
    }
}

/// The file of a shot's poster: whatever the id is, it lies in the folder.
pub(super) fn poster(folder: &Path, id: &str) -> PathBuf {
    let safe = |c: char| {
        if c.is_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let mut name: String = id.chars().map(safe).collect();
    if name.is_empty() || name.starts_with('.') {
        name.insert(0, '_');
    }
    while name.len() > LONGEST_NAME {
        name.pop();
    }
    // What had to be changed must not meet another shot's name.
    if name != id {
        name.push('-');
        name.push_str(&sha256_hex(id.as_bytes())[..8]);
    }
    folder.join(format!("{name}.jpg"))
}

/// Files that are never written over.
pub(super) struct Precious {
    files: HashSet<PathBuf>,
    state: PathBuf,
}

impl Precious {
    pub(super) fn new(
        args: &SheetArgs,
        shots: &[CheckedShot],
        records: &Records,
        store: &Store,
    ) -> Self {
        let layout = store.layout();
        let mut files = vec![args.manifest.manifest.clone(), layout.report()];
        files.extend(args.manifest.vars_file.iter().cloned());
        files.extend(shots.iter().map(|shot| layout.path(&shot.file)));
        let media = shots.iter().flat_map(|shot| shot.request.media());
        files.extend(media.filter_map(|(_, media)| match media {
            CheckedMedia::File(facts) => Some(facts.path.clone()),
            _ => None,
        }));
        let made = records.iter().filter_map(|record| record.video.as_ref());
        files.extend(made.map(|video| layout.path(&video.path)));
        Self {
            files: files.iter().flat_map(|path| real(path)).collect(),
            state: real(&layout.state()).swap_remove(0),
        }
    }

    /// Whether a sheet may be written here.
    pub(super) fn check_sheet(&self, path: &Path) -> Result<(), CliError> {
        self.check(path)?;
        match head(path)? {
            Some(head) if !is_sheet(&head) => Err(refusal(path, "it is no picture and no PDF")),
            _ => Ok(()),
        }
    }

    /// Whether a poster may be written here: nobody typed its name, so only another
    /// poster makes way.
    pub(super) fn check_poster(&self, path: &Path) -> Result<(), CliError> {
        self.check(path)?;
        match head(path)? {
            Some(head) if !is_own_jpeg(&head) => Err(refusal(path, "it is no poster of runner's")),
            _ => Ok(()),
        }
    }

    fn check(&self, path: &Path) -> Result<(), CliError> {
        let places = real(path);
        if places.iter().any(|place| self.files.contains(place)) {
            return Err(refusal(path, "the film is made of it"));
        }
        if places.iter().any(|place| place.starts_with(&self.state)) {
            return Err(refusal(path, "it lies where runner keeps its ledger"));
        }
        Ok(())
    }
}

fn refusal(path: &Path, why: &str) -> CliError {
    let message = format!("`{}` is not written over: {why}", path.display());
    CliError::new(Exit::Usage, message).advice("choose another name")
}

/// A path without links and dots: of what is there, and of the name itself.
fn real(path: &Path) -> Vec<PathBuf> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let named = path
        .file_name()
        .map_or(folder.clone(), |name| folder.join(name));
    let mut places = vec![named];
    places.extend(path.canonicalize());
    places
}

/// The first bytes of what has this name; `None` where nothing has.
fn head(path: &Path) -> Result<Option<Vec<u8>>, CliError> {
    let Ok(found) = fs::metadata(path) else {
        return Ok(None);
    };
    if !found.is_file() {
        return Err(refusal(path, "it is no file"));
    }
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(64).read_to_end(&mut head))
        .map_err(|error| CliError::unreadable(path, error))?;
    Ok(Some(head))
}

/// Empty files are what a shell leaves that was interrupted.
fn is_sheet(head: &[u8]) -> bool {
    let webp = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    let known: [&[u8]; 3] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"%PDF-"];
    head.is_empty() || webp || known.iter().any(|magic| head.starts_with(magic))
}

/// Writes a file whole or not at all, with its folder where that is missing.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let failed = |path: &Path| format!("`{}` cannot be written", path.display());
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder)
            .map_err(|error| CliError::new(Exit::Internal, failed(folder)).because(error))?;
    }
    store::write_atomic(path, bytes)
        .map_err(|error| CliError::new(Exit::Internal, failed(path)).because(error))
}

/// A folder that names no ledger cannot be told from one without videos.
pub(super) fn open(folder: &Path) -> Result<Store, CliError> {
    Store::open_read(folder).map_err(prepare::store_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_an_id_is_its_poster_lies_in_the_folder() {
        let folder = Path::new("posters");
        assert_eq!(poster(folder, "opening"), folder.join("opening.jpg"));
        assert_eq!(poster(folder, "清晨.1-a_b"), folder.join("清晨.1-a_b.jpg"));
        let hostile = [
            "..",
            ".",
            "../../etc/passwd",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "C:x",
            ".hidden",
            "",
            "a\0b",
            "nul\u{202e}gpj",
            &"长".repeat(100),
        ];
        let mut names = HashSet::new();
        for id in hostile {
            let path = poster(folder, id);
            assert_eq!(path.parent(), Some(folder), "{id}");
            let name = path.file_name().expect("it has a name").to_string_lossy();
            assert!(name.len() < 255 && !name.starts_with('.'), "{name}");
            assert!(!name.contains(['/', '\\', ':', '\0']), "{name}");
            assert!(names.insert(path), "{id}: its own name");
        }
    }

    #[test]
    fn pages_are_named_so_that_they_sort() {
        let target = |name: &str| Target {
            path: PathBuf::from(name),
            format: SheetFormat::Png,
        };
        assert_eq!(
            target("out/film.png").files(1),
            [PathBuf::from("out/film.png")]
        );
        let nine = target("out/film.v2.png").files(9);
        assert_eq!(nine[8], PathBuf::from("out/film.v2-9.png"));
        let ten = target("film").files(10);
        assert_eq!(ten[0], PathBuf::from("film-01"));
    }
}
