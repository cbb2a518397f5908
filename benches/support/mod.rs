//! What the benchmarks share: a manifest of any length, the pure stages, the
//! server in a process of its own, what the system counts, and a table.
//!
//! Owns no figure. Linux only where a process is looked at: elsewhere these
//! figures are missing, and the times are there all the same.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::collections::HashMap;
use std::fmt::{Display, Write as _};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use runner::check::{self, CheckedShot};
use runner::diag::{Severity, SourceFile, Sources};
use runner::engine::{self, Ports, Settings, Shutdown};
use runner::id::RunId;
use runner::ledger::Ledger;
use runner::manifest;
use runner::media::library::Folder;
use runner::plan::history::History;
use runner::plan::price::PriceTable;
use runner::plan::{self, Plan, Retry};
use runner::provider::Provider;
use runner::shot::{self, Overrides};
use runner::spec::{Spec, Unlisted};
use runner::state::RunState;
use runner::store::Store;

/// A storyboard as people write them, only longer: a variable, a camera command
/// in the text and one beside it.
pub(crate) fn storyboard(shots: usize) -> String {
    let mut text = String::from(
        "version: 1\n\
         vars: { hero: a courier in a yellow raincoat }\n\
         defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P, duration: 6 }\n\
         limits: { concurrency: 1024, creates_per_minute: unlimited }\n\
         shots:\n",
    );
    for number in 0..shots {
        write!(
            text,
            "  - id: shot-{number:05}\n    \
             prompt: \"{{{{ hero }}}} at window {number}, evening light on the harbour. [Push in]\"\n    \
             camera: [tilt up]\n"
        )
        .expect("writing to a string cannot fail");
    }
    text
}

/// Manifest text → checked shots, through the stages that the program uses.
pub(crate) fn checked(text: &str) -> Vec<CheckedShot> {
    let spec = Spec::bundled();
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("shots.yaml", text));
    let (manifest, mut findings) = manifest::parse(&mut sources, id, spec, &manifest::NoFiles);
    let manifest = manifest.expect("the storyboard is a manifest");
    let (shots, mut found) = shot::expand(&manifest, &sources, &Overrides::default(), spec);
    findings.append(&mut found);
    let library = Folder::new(".");
    let context = check::Context {
        spec,
        media: &library,
        unlisted: Unlisted::Refuse,
    };
    let (checked, mut found) = check::check(&shots, &context);
    findings.append(&mut found);
    assert!(
        findings.iter().all(|f| f.severity != Severity::Error),
        "the storyboard has no mistake"
    );
    checked
}

/// Checked shots → a plan in which everything is to be made.
pub(crate) fn planned(shots: Vec<CheckedShot>, base_url: &str) -> Plan {
    let context = plan::Context {
        run_id: RunId::new("bench"),
        manifest: "shots.yaml".to_owned(),
        backend: "bench".to_owned(),
        base_url: base_url.to_owned(),
        spec_version: "bench".to_owned(),
        prices: PriceTable::bundled("USD"),
        free: false,
        history: History::default(),
        retry: Retry::Nothing,
        now: Timestamp::UNIX_EPOCH,
        deadline: Duration::from_secs(1_800),
        selected: None,
        strangers: std::collections::HashSet::new(),
        force: std::collections::HashSet::new(),
        frames: std::sync::Arc::new(runner::plan::frames::NoFrames),
    };
    plan::plan(shots, context)
}

/// Carries a plan out with a real ledger and a real store in `folder`.
pub(crate) async fn carried_out<P: Provider>(
    plan: Plan,
    provider: Arc<P>,
    folder: &Path,
    settings: &Settings,
) -> RunState {
    let store = Store::open(folder).expect("the folder can be used");
    let ledger = Ledger::open(&store.layout().ledger()).expect("the ledger can be used");
    let shots = plan.facts.shots.len();
    let ports = Ports {
        provider,
        store: Arc::new(store),
        ledger,
        observer: Box::new(|_, _| {}),
        callbacks: None,
        turnstile: None,
        examiner: None,
        wall_clock: Timestamp::now,
    };
    let state = engine::run(plan, ports, settings, &Shutdown::default())
        .await
        .unwrap_or_else(|error| panic!("the run keeps its books: {error}"));
    let failure = state.shots.iter().find_map(|shot| shot.failure.as_ref());
    assert_eq!(state.counts().succeeded, shots, "{failure:?}");
    state
}

/// The program, with none of this machine's variables.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command.env_clear().stdin(Stdio::null());
    // What this person prefers is not what is measured.
    command.env("RUNNER_CONFIG_DIR", "no-settings");
    command
}

/// `runner simulate` in a process of its own; ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    /// Tiny clips, no trouble, tasks that run `time_scale` times faster than life.
    pub(crate) fn start(time_scale: u32) -> Self {
        let mut child = program()
            .args(["simulate", "--listen", "127.0.0.1:0", "--clips", "tiny"])
            .args(["--time-scale", &time_scale.to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("it was piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("the server says where it is");
        Self {
            child,
            url: line.trim().to_owned(),
        }
    }

    /// What it has used of the processor.
    pub(crate) fn cpu(&self) -> Duration {
        cpu(&self.child.id().to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left of it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time that this process has used.
pub(crate) fn own_cpu() -> Duration {
    cpu("self")
}

fn cpu(process: &str) -> Duration {
    /// What Linux shows clock ticks in, on every machine that this runs on.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in brackets may hold anything; fields 14 and 15 come after it.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse().ok());
    TICK * (ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0))
}

/// The most memory that a process has held so far, in bytes.
pub(crate) fn peak_memory(process: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// One execution of the program.
pub(crate) struct Ran {
    pub(crate) wall: Duration,
    pub(crate) peak: u64,
}

/// Runs a command to its end and panics where it fails.
pub(crate) fn timed(mut command: Command) -> Ran {
    let errors = tempfile::NamedTempFile::new().expect("a temporary file");
    let writer = errors.reopen().expect("a temporary file can be opened");
    command.stdout(Stdio::null()).stderr(Stdio::from(writer));
    let begun = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let process = child.id().to_string();
    let mut peak = 0;
    // The system forgets a process's peak when it ends, so it is asked for all
    // the time; once in a millisecond misses little and costs little.
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            break status;
        }
        peak = peak_memory(&process).map_or(peak, |now| now.max(peak));
        std::thread::sleep(Duration::from_millis(1));
    };
    let wall = begun.elapsed();
    assert!(
        status.success(),
        "{command:?}: {status}\n{}",
        fs::read_to_string(errors.path()).unwrap_or_default()
    );
    Ran { wall, peak }
}

/// The fastest of several runs, and the largest peak among them.
pub(crate) fn best(times: usize, mut run: impl FnMut() -> Ran) -> Ran {
    let runs: Vec<Ran> = (0..times).map(|_| run()).collect();
    Ran {
        wall: runs.iter().map(|run| run.wall).min().unwrap_or_default(),
        peak: runs.iter().map(|run| run.peak).max().unwrap_or_default(),
    }
}

/// A manifest in a folder that goes away.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    pub(crate) manifest: PathBuf,
}

impl Stage {
    pub(crate) fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let manifest = folder.path().join("shots.yaml");
        fs::write(&manifest, text).expect("the manifest can be written");
        Self { folder, manifest }
    }

    /// `runner COMMAND shots.yaml …`
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path());
        command.arg(name).arg(&self.manifest);
        command
    }
}

/// Begins a table.
#[expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]
pub(crate) fn heading(text: impl Display) {
    println!("\n{text}");
}

/// A line of a table: a name, a figure and a remark.
#[expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]
pub(crate) fn line(name: &str, figure: impl Display, remark: impl Display) {
    let figure = figure.to_string();
    println!("  {name:<36} {figure:>12}  {remark}");
}

pub(crate) fn rate(count: usize, time: Duration) -> String {
    format!("{:.0}/s", count as f64 / time.as_secs_f64())
}

pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}

pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

pub(crate) fn ratio(of: f64, to: f64) -> String {
    format!("{:.2}", of / to)
}

/// Counts by name, in one line.
pub(crate) fn counts(counts: &HashMap<&'static str, u64>, shots: usize) -> String {
    let mut names: Vec<_> = counts.iter().filter(|(_, count)| **count > 0).collect();
    names.sort();
    names
        .iter()
        .map(|(name, count)| format!("{name} {:.2}", **count as f64 / shots as f64))
        .collect::<Vec<_>>()
        .join(", ")
}
