//! The manifest as types: what the author wrote, before anything is expanded.
//!
//! Owns the shapes and the defaults of settings. Nothing here is rendered,
//! multiplied or looked up; that is `shot`'s. What the author left out is
//! `None`, so that a diagnostic never points at text that is not there.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diag::{Levels, SourceId, Spanned};
use crate::manifest::tree::Node;
use crate::money::Money;

pub use crate::manifest::entry::{
    Axis, CameraItem, Character, Combination, Field, Foreach, Fragment, Look, Matrix, Override,
    PictureSource, Row, SceneEntry, Settings, ShotEntry,
};

/// A whole manifest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Manifest {
    /// Version of the format, 1.
    pub version: Option<Spanned<u64>>,
    /// Which backend makes the videos.
    pub backend: Option<Spanned<String>>,
    /// Backends with names of the author's.
    pub backends: Vec<Backend>,
    /// Variables, in written order: a later one may use an earlier one.
    pub vars: Vec<Var>,
    /// What counts for every shot that does not say otherwise.
    pub defaults: Settings,
    /// How fast, how long and for how much.
    pub limits: Limits,
    /// Where the videos go.
    pub output: Output,
    /// Where the service calls back; without it, it is only asked.
    pub callback: Option<Callback>,
    /// Prices that replace those of the table.
    pub prices: Vec<PriceOverride>,
    /// What becomes of warnings.
    pub lints: Levels,
    /// Texts for prompts.
    pub fragments: Vec<Fragment>,
    /// Who is in the film.
    pub characters: Vec<Character>,
    /// Styles.
    pub looks: Vec<Look>,
    /// What single shots have otherwise; the last one counts.
    pub overrides: Vec<Override>,
    /// The folders of included files, relative to the manifest's.
    pub folders: HashMap<SourceId, PathBuf>,
    /// The scenes, in the order of the film.
    pub scenes: Vec<SceneEntry>,
    /// All shots as written, those of scenes among them, in the order of the
    /// film; matrices not yet multiplied.
    pub shots: Vec<ShotEntry>,
}

impl Manifest {
    /// Where relative paths of a file start, relative to the manifest's folder.
    pub fn folder(&self, file: SourceId) -> &Path {
        self.folders
            .get(&file)
            .map_or(Path::new(""), PathBuf::as_path)
    }
}

/// The API that a backend speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BackendKind {
    /// The video API of `MiniMax`.
    #[default]
    MiniMax,
}

/// A service under `backends`.
#[derive(Debug, Clone, PartialEq)]
pub struct Backend {
    /// Its name in this manifest.
    pub name: Spanned<String>,
    /// What it speaks.
    pub kind: BackendKind,
    /// Where it is; `None` for the vendor's own address.
    pub base_url: Option<Spanned<String>>,
    /// The environment variable that holds its key.
    pub key_env: Option<Spanned<String>>,
    /// Whether models that no document lists are let through.
    pub allow_unlisted: Option<Spanned<bool>>,
}

/// One variable, of the manifest or of a vars file.
#[derive(Debug, Clone, PartialEq)]
pub struct Var {
    /// Its name.
    pub name: Spanned<String>,
    /// Its value; texts in it may be templates.
    pub value: Node,
}

/// How often something is asked for in a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// At most this many, above zero.
    PerMinute(f64),
    /// As many as `concurrency` lets through.
    Unlimited,
}

impl Rate {
    /// The number, if there is a limit.
    pub fn limit(self) -> Option<f64> {
        match self {
            Self::PerMinute(rate) => Some(rate),
            Self::Unlimited => None,
        }
    }
}

/// What the author says about speed, time and money.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Limits {
    /// Shots on their way at once.
    pub concurrency: Option<Spanned<u32>>,
    /// Creations in a minute.
    pub creates_per_minute: Option<Spanned<Rate>>,
    /// Questions about tasks in a minute.
    pub polls_per_minute: Option<Spanned<Rate>>,
    /// The most that one run may cost.
    pub max_cost: Option<Spanned<Money>>,
    /// Whether requests without a known price run under `max_cost`.
    pub allow_unpriced: Option<Spanned<bool>>,
    /// How long a task may take before it is left for the next run.
    pub deadline: Option<Spanned<Duration>>,
    /// The wait between two questions about a shot.
    pub poll_interval: Option<Spanned<Duration>>,
    /// Hand-offs from shot to shot, one behind the other, before it is warned.
    pub chain_depth: Option<Spanned<u32>>,
}

impl Limits {
    /// Hand-offs that nobody is warned of where the author does not say.
    pub const CHAIN_DEPTH: u32 = 4;
    /// Shots at once where the author does not say.
    pub const CONCURRENCY: u32 = 4;
    /// Creations in a minute where the author does not say.
    pub const CREATES_PER_MINUTE: Rate = Rate::PerMinute(5.0);
    /// Questions in a minute where the author does not say. No limit of the
    /// service is published for them (minimax-api.md 6.1).
    pub const POLLS_PER_MINUTE: Rate = Rate::PerMinute(600.0);
    /// The longest time that anything waits for; more is taken for it, because
    /// times are added to clocks, and clocks end.
    pub const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    /// The shortest wait between two questions about a shot.
    pub const MIN_POLL_INTERVAL: Duration = Duration::from_millis(100);

    /// Shots at once, 4 unless said otherwise.
    pub fn concurrency(&self) -> u32 {
        self.concurrency
            .as_ref()
            .map_or(Self::CONCURRENCY, |limit| limit.value)
    }

    /// Hand-offs before it is warned, 4 unless said otherwise.
    pub fn chain_depth(&self) -> u32 {
        self.chain_depth
            .as_ref()
            .map_or(Self::CHAIN_DEPTH, |limit| limit.value)
    }

    /// Creations in a minute, 5 unless said otherwise.
    pub fn creates_per_minute(&self) -> Rate {
        let said = self.creates_per_minute.as_ref();
        said.map_or(Self::CREATES_PER_MINUTE, |limit| limit.value)
    }

    /// Questions in a minute, 600 unless said otherwise.
    pub fn polls_per_minute(&self) -> Rate {
        let said = self.polls_per_minute.as_ref();
        said.map_or(Self::POLLS_PER_MINUTE, |limit| limit.value)
    }

    /// Whether requests without a known price run under `max_cost`; not unless said.
    pub fn allow_unpriced(&self) -> bool {
        self.allow_unpriced
            .as_ref()
            .is_some_and(|limit| limit.value)
    }
}

/// Where the videos go.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Output {
    /// The folder, relative to the manifest.
    pub dir: Option<Spanned<String>>,
    /// A template for the name of each video.
    pub file: Option<Spanned<String>>,
}

impl Output {
    /// The folder where the author does not say.
    pub const DIR: &str = "out";
    /// The template of file names where the author does not say.
    pub const FILE: &str = "{{ shot.id }}.mp4";

    /// The folder, `out` unless said otherwise.
    pub fn dir(&self) -> &str {
        self.dir.as_ref().map_or(Self::DIR, |dir| &dir.value)
    }
}

/// How the service calls back.
#[derive(Debug, Clone, PartialEq)]
pub struct Callback {
    /// Where this machine listens; the port is never 0.
    pub listen: Spanned<SocketAddr>,
    /// How the service reaches that: http or https, without user, query and
    /// fragment. Each creation gets a path behind it.
    pub public_url: Spanned<String>,
}

/// The price of one kind of video.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceOverride {
    /// For this model,
    pub model: Spanned<String>,
    /// at this resolution,
    pub resolution: Spanned<String>,
    /// of this many seconds,
    pub duration: Spanned<u32>,
    /// one video costs this.
    pub price: Spanned<Money>,
}
