//! Files and runs → documents to be compared. What a file is, is told by what is in it.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cli::args::WhoseArgs;
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::report::{Past, folded};
use crate::cli::words::slashes;
use crate::diff::Side;
use crate::event;
use crate::plan::document::PlanReport;
use crate::plan::lock::Lock;
use crate::plan::record::PlanFile;
use crate::report::Report;
use crate::report::SCHEMA_VERSION;
use crate::report::twin::Video;

/// The largest document that is read, in bytes; ten thousand shots take a tenth of it.
const LARGEST: u64 = 256 * 1024 * 1024;

const ADVICE: &str = "name a report.json, an output folder, a plan, a lock, or a manifest with its run: \
                      shots.yaml@latest";

/// A document and where its videos are.
pub(super) struct Read {
    pub(super) side: Side,
    /// The output folder, and its videos by digest; only where a page is made.
    pub(super) videos: Option<(PathBuf, HashMap<String, event::Video>)>,
}

/// How documents are found.
pub(super) struct Reader {
    pub(super) simulate: bool,
    pub(super) backend: Option<String>,
    /// Whether the videos are looked for.
    pub(super) keep: bool,
}

/// Whether a file holds a document by itself: one that is no manifest.
pub(super) fn is_document(path: &Path) -> bool {
    let manifest = |end: &std::ffi::OsStr| end == "yaml" || end == "yml";
    path.is_file() && !path.extension().is_some_and(manifest)
}

impl Reader {
    /// What is named: a file, a folder, or a run of either as `FILE@RUN`.
    pub(super) fn read(&self, path: &Path, console: &mut Console) -> Result<Read, CliError> {
        if let Some((of, run)) = at(path) {
            let past = self.past(&of, console)?;
            return self.run(&past, &of, &run);
        }
        if path.is_dir() {
            let report = path.join("report.json");
            if report.is_file() {
                return self.file(&report, path);
            }
        } else if !path.exists() {
            let message = format!("there is no `{}`", path.display());
            return Err(CliError::new(Exit::Usage, message).advice(ADVICE));
        } else if is_document(path) {
            return self.file(path, path);
        }
        let past = self.past(path, console)?;
        self.run(&past, path, "latest")
    }

    /// Two runs of one manifest or folder.
    pub(super) fn runs(
        &self,
        of: &Path,
        before: &str,
        after: &str,
        console: &mut Console,
    ) -> Result<(Read, Read), CliError> {
        let past = self.past(of, console)?;
        Ok((self.run(&past, of, before)?, self.run(&past, of, after)?))
    }

    fn past(&self, of: &Path, console: &mut Console) -> Result<Past, CliError> {
        let whose = WhoseArgs {
            of: of.to_owned(),
            out: None,
            simulate: self.simulate,
            backend: self.backend.clone(),
        };
        Past::open(&whose, console)
    }

    fn run(&self, past: &Past, of: &Path, run: &str) -> Result<Read, CliError> {
        let events = past.events(past.named(run)?)?;
        let report = Report::of(&folded(&events));
        Ok(self.of_report(&format!("{}@{run}", slashes(of)), &report, &past.folder))
    }

    fn of_report(&self, name: &str, report: &Report, folder: &Path) -> Read {
        let shots = report.shots.iter().filter(|_| self.keep);
        let videos = shots.filter_map(|shot| shot.video.as_ref());
        let videos = videos.map(|video| (video.sha256.clone(), of_event(video)));
        Read {
            side: Side::of_report(name, report),
            videos: self.keep.then(|| (folder.to_owned(), videos.collect())),
        }
    }

    fn file(&self, path: &Path, named: &Path) -> Result<Read, CliError> {
        let text = text(path)?;
        let name = slashes(named);
        let refused = |why: &str| {
            let message = format!("`{}` cannot be compared: {why}", path.display());
            CliError::new(Exit::Usage, message).advice(ADVICE)
        };
        let side = |side| Read { side, videos: None };
        match Found::of(&text).map_err(|error| refused("it is no JSON").because(error))? {
            Found::Lock => {
                let lock = Lock::parse(&text)
                    .map_err(|error| refused("it is a lock that cannot be read").because(error))?;
                Ok(side(Side::of_lock(&name, &lock)))
            }
            Found::Report(version) if !is_known(&version, SCHEMA_VERSION) => {
                Err(refused(&format!(
                    "its format has version {version}, and this program knows version {SCHEMA_VERSION}"
                )))
            }
            Found::Report(_) => {
                let report: Report = serde_json::from_str(&text)
                    .map_err(|error| refused("it is a damaged report").because(error))?;
                let folder = path.parent().unwrap_or(Path::new(""));
                Ok(self.of_report(&name, &report, folder))
            }
            Found::PlanFile => {
                let file = PlanFile::parse(&text)
                    .map_err(|error| refused("it is a plan that cannot be read").because(error))?;
                Ok(side(Side::of_plan(&name, &file.plan)))
            }
            Found::Plan => {
                let report: PlanReport = serde_json::from_str(&text)
                    .map_err(|error| refused("it is a damaged plan").because(error))?;
                let plan = report.plan.ok_or_else(|| {
                    refused("its manifest had errors, and there is no plan in it")
                })?;
                Ok(side(Side::of_plan(&name, &plan)))
            }
            Found::Unknown => Err(refused("it is no report, plan or lock")),
        }
    }
}

/// What kind of document a text is.
enum Found {
    Report(String),
    PlanFile,
    Plan,
    Lock,
    Unknown,
}

impl Found {
    /// By the fields at the top, which need no more than a look at each.
    fn of(text: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Head {
            format: Option<String>,
            schema_version: Option<String>,
            valid: Option<IgnoredAny>,
            diagnostics: Option<IgnoredAny>,
            run: Option<IgnoredAny>,
            totals: Option<IgnoredAny>,
        }
        // TOML has no brace at its beginning, and the others nothing else.
        if looks_like_a_lock(text) {
            return Ok(Self::Lock);
        }
        let head: Head = serde_json::from_str(text)?;
        Ok(match head {
            Head {
                format: Some(format),
                ..
            } if format == "runner plan" => Self::PlanFile,
            Head {
                valid: Some(_),
                diagnostics: Some(_),
                ..
            } => Self::Plan,
            Head {
                run: Some(_),
                totals: Some(_),
                schema_version: Some(version),
                ..
            } => Self::Report(version),
            _ => Self::Unknown,
        })
    }
}

/// Whether a line says so, however damaged the rest is.
fn looks_like_a_lock(text: &str) -> bool {
    let lines = text.lines().map(str::trim);
    let mut facts = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    facts.next() == Some("format = \"runner lock\"")
}

fn is_known(version: &str, known: &str) -> bool {
    let major = |version: &str| version.split('.').next().map(ToOwned::to_owned);
    major(version) == major(known)
}

/// `out@previous`, unless a file has that very name.
fn at(path: &Path) -> Option<(PathBuf, String)> {
    if path.exists() {
        return None;
    }
    let (of, run) = path.to_str()?.rsplit_once('@')?;
    let of = PathBuf::from(of);
    (of.exists() && !run.is_empty()).then(|| (of, run.to_owned()))
}

fn text(path: &Path) -> Result<String, CliError> {
    let unreadable = |error| CliError::unreadable(path, error);
    let refused = |why: &str| {
        let message = format!("`{}` cannot be compared: {why}", path.display());
        CliError::new(Exit::Usage, message)
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused("it is larger than 256 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8 text"))?;
    // Some editors put a mark in front of UTF-8.
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

fn of_event(video: &Video) -> event::Video {
    event::Video {
        path: video.path.clone(),
        bytes: video.bytes,
        sha256: video.sha256.clone(),
        width: video.width,
        height: video.height,
        duration_ms: video.duration_ms,
        fps: video.fps,
        codec: video.codec.clone(),
    }
}
