//! A declarative runner for AI video: text in, verified videos and a report out.
//!
//! A storyboard author keeps a film as YAML; `runner apply` turns the shots that
//! changed into videos through the MiniMax (Hailuo) API. Three promises, in this
//! order: never pay twice, never lose what was paid for, never surprise.
//!
//! ```text
//!  YAML text
//!   │  manifest::parse        collects every mistake, each with a place in the text
//!   ▼
//!  Manifest (spans kept)                               + diagnostics
//!   │  shot::expand           defaults, matrix, templates, camera commands, references
//!   ▼
//!  Vec<Shot>                                           + diagnostics
//!   │  check::check           the bundled OpenAPI documents, local media
//!   ▼
//!  Vec<CheckedShot>           only check can build one; a provider takes nothing else
//!   │  plan::plan             fingerprints and history: reuse | resume | create | replace | …
//!   ▼
//!  Plan
//!   │  engine::run            the only asynchronous part above the ports
//!   ▼
//!  Event, Event … ─► ledger (must succeed) ─► RunState (pure fold) ─► progress, report, exit code
//! ```
//!
//! Start reading at `cli/apply.rs` for the order of things, at `engine/life.rs`
//! for one shot's life, and at `plan/decide.rs` for what is paid and what is not.
//!
//! Dependencies point one way; `tests/tidy.rs` holds the layers below, lowest
//! first:
//!
//! - vocabulary: [`lang`], [`id`], [`money`], [`diag`], [`event`], [`state`]
//! - pure stages: [`spec`], [`manifest`], [`shot`], [`check`], [`plan`], [`select`],
//!   [`diff`]
//! - ports: [`store`], [`ledger`], [`media`], [`provider`], [`recording`], [`callback`],
//!   [`verdict`], [`share`]
//! - [`engine`] and [`report`], which never import each other
//! - [`simulator`], the API on loopback, and [`replay`], a recording in its place
//! - [`cli`], the only part that prints and reads the environment
//!
//! Deliberately absent: retries in the provider, a second definition of "done"
//! beside [`state`], and any rule of the API in Rust: those are in `openapi/`.

pub mod callback;
pub mod check;
pub mod cli;
pub mod diag;
pub mod diff;
pub mod engine;
pub mod event;
pub mod id;
pub mod lang;
pub mod ledger;
pub mod manifest;
pub mod media;
pub mod money;
pub mod plan;
pub mod provider;
pub mod recording;
pub mod replay;
pub mod report;
pub mod select;
pub mod share;
pub mod shot;
pub mod simulator;
pub mod spec;
pub mod state;
pub mod store;
pub mod verdict;
