//! What ends the waiting: a change in a folder, time, a signal.
//!
//! Owns the threads that listen. An event only says "look": whether anything
//! changed is for the files to say, so that a lost or doubled event is no harm.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::cli::exit::Exit;
use crate::cli::signals;

/// A save is several events; it is over when nothing comes for so long.
const QUIET: Duration = Duration::from_millis(50);
/// A folder in which something always happens is looked at all the same.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often is looked where the system does not tell of changes.
const INSTEAD: Duration = Duration::from_secs(1);

/// Why the waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// Something may have changed.
    Look,
    /// Somebody wants the program to end.
    End(Exit),
}

/// Whether the system will tell of changes.
pub(super) enum Listening {
    /// It will, or was not asked to.
    Heard,
    /// It will not; what to say about it.
    Unheard(String),
}

/// Waits for changes.
pub(super) struct Waker {
    // The other end is held by the thread of the signals and by the watcher.
    heard: Receiver<Wake>,
    tell: Sender<Wake>,
    watcher: Option<RecommendedWatcher>,
    poll: Option<Duration>,
}

impl Waker {
    pub(super) fn new(poll: Option<Duration>) -> Self {
        let (tell, heard) = channel();
        signal(tell.clone());
        Self {
            heard,
            tell,
            watcher: None,
            poll,
        }
    }

    /// Listens to the folders of these files from now on. Folders and not files:
    /// editors put a new file in the place of the old one. All anew each time:
    /// a folder may have been exchanged as well.
    pub(super) fn listen(&mut self, files: &BTreeSet<PathBuf>) -> Listening {
        self.watcher = None;
        if self.poll.is_some() {
            return Listening::Heard;
        }
        match watcher(&self.tell, files) {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                Listening::Heard
            }
            Err(error) => {
                self.poll = Some(INSTEAD);
                let every = humantime::format_duration(INSTEAD);
                Listening::Unheard(format!(
                    "changes of files are not told here ({error}), so they are looked at every {every}"
                ))
            }
        }
    }

    /// Waits for the next reason to look, or to end.
    pub(super) fn next(&self) -> Wake {
        let first = match self.poll {
            Some(interval) => self.heard.recv_timeout(interval),
            None => self.heard.recv().map_err(RecvTimeoutError::from),
        };
        let Ok(Wake::Look) = first else {
            // `tell` is held here, so that the channel never ends.
            return first.unwrap_or(Wake::Look);
        };
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match self.heard.recv_timeout(QUIET) {
                Ok(Wake::Look) => {}
                Ok(end) => return end,
                Err(_) => break,
            }
        }
        Wake::Look
    }
}

fn watcher(tell: &Sender<Wake>, files: &BTreeSet<PathBuf>) -> notify::Result<RecommendedWatcher> {
    let tell = tell.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Our own reading is an event, too, and would never come to an end.
        let read = |event: &Event| matches!(event.kind, EventKind::Access(_));
        if !event.as_ref().is_ok_and(read) {
            // Nobody listens any more at the end of the program.
            let _ = tell.send(Wake::Look);
        }
    })?;
    for folder in folders(files) {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

/// Where something happens when one of these files changes: the folder of its
/// name, that of the file a link leads to, or the nearest that is there.
fn folders(files: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    for file in files {
        let linked = file.canonicalize().ok();
        for path in [Some(file), linked.as_ref()].into_iter().flatten() {
            let above = path.ancestors().skip(1).map(named);
            folders.extend(above.filter(|folder| folder.is_dir()).take(1));
        }
    }
    folders
}

/// The folder of `shots.yaml` has no name of its own.
fn named(folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        folder.to_owned()
    }
}

/// Tells of the first Ctrl-C or SIGTERM. The thread ends with the process; where
/// it cannot be started, a signal ends the process at once.
fn signal(tell: Sender<Wake>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    if let Ok(runtime) = runtime {
        std::thread::spawn(move || {
            let exit = match runtime.block_on(signals::next()) {
                // It is how one leaves, and nothing was under way.
                Exit::Interrupted => Exit::Success,
                exit => exit,
            };
            let _ = tell.send(Wake::End(exit));
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::folders;

    #[test]
    fn the_nearest_folder_that_is_there_is_listened_to() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("it is there");
        let missing = root.join("stills/faces/hero.png");
        assert_eq!(folders(&BTreeSet::from([missing])), BTreeSet::from([root]));
        let here = BTreeSet::from([PathBuf::from("nothing-of-this-name.yaml")]);
        assert_eq!(folders(&here), BTreeSet::from([PathBuf::from(".")]));
    }
}
