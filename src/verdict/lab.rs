//! Where videos are measured, each once: the book first, then the file.
//!
//! Owns which file a video is, and that nothing is kept of any other. Never
//! judges, and never ends a run: what cannot be measured is a sentence.

use std::collections::HashMap;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::Video;
use crate::ledger::MeasureBook;
use crate::media::frames::Tools;
use crate::media::measure::{self, Glance, MEASURE_VERSION, Measures, What};
use crate::store::{self, Store};

/// What a file is measured with; another one only in tests.
pub type Measure = Box<dyn Fn(&Path, What) -> Result<Measures, String> + Send + Sync>;

/// Measures, without glances, as they are kept.
const MEASURES: &str = "measures";

/// Glances, which are long and seldom asked for.
const GLANCES: &str = "glances";

/// Whether a file may be opened to find something out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum May {
    /// Only what is known already counts.
    Recall,
    /// What is not known is measured.
    Measure,
}

/// It is not known, and may not be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotKnown;

/// An answer, or why there is none.
pub(super) type Answer<T> = Result<Arc<T>, String>;

/// The measures of the videos of one output folder.
pub(super) struct Lab {
    store: Store,
    measure: Measure,
    book: Option<Mutex<MeasureBook>>,
    /// What was asked for in this run, and what the book had of all videos when
    /// that was asked for at once.
    known: Mutex<HashMap<String, Known>>,
}

impl fmt::Debug for Lab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lab")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

enum Known {
    /// As the book has it.
    Written(String),
    /// As it is used.
    Read(Arc<Measures>),
}

/// With the decoders of this program, and ffmpeg where there is one.
pub fn measure_with(ffmpeg: Option<PathBuf>) -> Measure {
    Box::new(move |path, what| {
        let tools = Tools {
            ffmpeg: ffmpeg.as_deref(),
        };
        measure::measure(path, what, &tools).map_err(|error| error.to_string())
    })
}

impl Lab {
    /// With a book that this process may write, or only look into.
    pub(super) fn new(store: Store, measure: Measure) -> Self {
        let path = store.layout().measures();
        let book = if store.is_locked() {
            MeasureBook::open(&path, MEASURE_VERSION)
        } else {
            MeasureBook::open_read(&path, MEASURE_VERSION)
        };
        Self {
            store,
            measure,
            book: book.map(Mutex::new),
            known: Mutex::default(),
        }
    }

    /// Reads the whole book at once: for many videos.
    pub(super) fn recall_all(&self) {
        let Some(book) = self.book() else { return };
        let all = book.all(MEASURES).into_iter();
        let mut known = locked(&self.known);
        known.extend(all.map(|(sha256, text)| (sha256, Known::Written(text))));
    }

    /// What is known of a video, or can be found out.
    pub(super) fn measures(
        &self,
        video: &Video,
        what: What,
        may: May,
    ) -> Result<Answer<Measures>, NotKnown> {
        let recalled = self.recall(&video.sha256);
        if let Some(measures) = recalled.as_ref().filter(|known| known.covers(what)) {
            return Ok(Ok(Arc::clone(measures)));
        }
        if may == May::Recall {
            return Err(NotKnown);
        }
        // What was known is not forgotten for what is new.
        let earlier = [What::Picture, What::Sound].into_iter();
        let earlier = earlier.filter(|what| recalled.as_ref().is_some_and(|m| m.covers(*what)));
        let what = earlier.fold(what, What::and);
        Ok(self.take(video, what))
    }

    /// What is to be compared of a video.
    pub(super) fn glances(&self, video: &Video, may: May) -> Result<Answer<Vec<Glance>>, NotKnown> {
        let kept = || self.book()?.get(&video.sha256, GLANCES);
        let kept = kept().and_then(|text| serde_json::from_str::<Vec<Glance>>(&text).ok());
        if let Some(glances) = kept.filter(|all| all.iter().all(Glance::is_sound)) {
            return Ok(Ok(Arc::new(glances)));
        }
        if may == May::Recall {
            return Err(NotKnown);
        }
        let taken = self.whole(video, What::Picture);
        Ok(
            taken.and_then(|measures| match (measures.picture, measures.undecoded) {
                (Some(picture), _) if !picture.glances.is_empty() => Ok(Arc::new(picture.glances)),
                (_, Some(why)) => Err(why),
                _ => Err(format!(
                    "`{}` shows nothing that can be compared",
                    video.path
                )),
            }),
        )
    }

    /// What a picture looks like, by what tells it from others.
    pub(super) fn picture(
        &self,
        digest: Option<String>,
        (width, height): (u32, u32),
        may: May,
        look: impl FnOnce() -> Result<Glance, String>,
    ) -> Result<Result<Glance, String>, NotKnown> {
        let Some(digest) = digest else {
            return Ok(look());
        };
        let part = format!("picture {width}x{height}");
        let kept = || self.book()?.get(&digest, &part);
        let kept = kept().and_then(|text| serde_json::from_str::<Glance>(&text).ok());
        if let Some(glance) = kept.filter(Glance::is_sound) {
            return Ok(Ok(glance));
        }
        if may == May::Recall {
            return Err(NotKnown);
        }
        let seen = look();
        if let (Ok(glance), Some(mut book)) = (&seen, self.book())
            && let Ok(text) = serde_json::to_string(glance)
        {
            book.keep(&digest, &[(&part, text)]);
        }
        Ok(seen)
    }

    fn book(&self) -> Option<MutexGuard<'_, MeasureBook>> {
        self.book.as_ref().map(locked)
    }

    fn recall(&self, sha256: &str) -> Option<Arc<Measures>> {
        let mut known = locked(&self.known);
        let text = match known.get(sha256) {
            Some(Known::Read(measures)) => return Some(Arc::clone(measures)),
            Some(Known::Written(text)) => text.clone(),
            None => self.book()?.get(sha256, MEASURES)?,
        };
        let measures: Arc<Measures> = Arc::new(serde_json::from_str(&text).ok()?);
        known.insert(sha256.to_owned(), Known::Read(Arc::clone(&measures)));
        Some(measures)
    }

    fn take(&self, video: &Video, what: What) -> Answer<Measures> {
        let mut measures = self.whole(video, what)?;
        forget_glances(&mut measures);
        Ok(Arc::new(measures))
    }

    /// Measures the file, and keeps what was found.
    fn whole(&self, video: &Video, what: What) -> Result<Measures, String> {
        let path = self.find(video)?;
        // Decoders are fenced where they are called; this is for the rest of the way.
        // No hostile file may end a run with creates in flight.
        let tried = panic::catch_unwind(AssertUnwindSafe(|| (self.measure)(&path, what)));
        let tried = tried.map_err(|_| "its decoder failed".to_owned());
        let measures = tried
            .and_then(|found| found)
            .map_err(|why| format!("`{}` cannot be measured: {why}", video.path))?;
        let mut plain = measures.clone();
        forget_glances(&mut plain);
        let read = Known::Read(Arc::new(plain));
        locked(&self.known).insert(video.sha256.clone(), read);
        // With other decoders it may be another answer, and asking again is quick.
        if measures.undecoded.is_none()
            && let Some(mut book) = self.book()
        {
            book.keep(&video.sha256, &parts(&measures));
        }
        Ok(measures)
    }

    /// The file that is this very video, under its name or among the takes.
    fn find(&self, video: &Video) -> Result<PathBuf, String> {
        let names = [Some(video.path.clone()), self.store.take_of(video)];
        let paths = names.into_iter().flatten();
        let mut paths = paths.map(|name| self.store.layout().path(&name));
        let is_it = |path: &PathBuf| store::digest(path).is_ok_and(|sha256| sha256 == video.sha256);
        let gone = || format!("`{}` is not the video that was saved", video.path);
        paths.find(is_it).ok_or_else(gone)
    }
}

fn forget_glances(measures: &mut Measures) {
    if let Some(picture) = &mut measures.picture {
        picture.glances = Vec::new();
    }
}

/// What of measures is kept, and under which name.
fn parts(measures: &Measures) -> Vec<(&'static str, String)> {
    let text = |value: serde_json::Result<String>| value.expect("measures have only text keys");
    let mut plain = measures.clone();
    let glances = plain.picture.as_mut();
    let glances = glances.map(|picture| std::mem::take(&mut picture.glances));
    let mut parts = vec![(MEASURES, text(serde_json::to_string(&plain)))];
    if let Some(glances) = glances.filter(|glances| !glances.is_empty()) {
        parts.push((GLANCES, text(serde_json::to_string(&glances))));
    }
    parts
}

/// What a panic left is as good as what it found: entries come whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
