//! This program, this terminal, and what else is on this machine.

use jiff::Timestamp;

use crate::cli::config::shown;
use crate::cli::console::Console;
use crate::cli::doctor::Check;
use crate::cli::env::Environment;
use crate::cli::prepare;

/// A clock before this is wrong: the program is newer.
const NEWER_THAN: i16 = 2025;

/// A clock beyond this is wrong, or nobody has looked after this program for long.
const OLDER_THAN: i16 = 2045;

/// What this program is and which documents it follows.
pub(super) fn versions() -> Check {
    let documents = prepare::spec_version();
    let version = env!("CARGO_PKG_VERSION");
    Check::good(
        "program",
        format!("runner {version}, with the API's documents of version {documents}"),
    )
}

/// Clock, terminal and ffmpeg.
pub(super) fn surroundings() -> Vec<Check> {
    vec![clock(), terminal(), ffmpeg()]
}

fn clock() -> Check {
    let now = Timestamp::now();
    let year = now.to_zoned(jiff::tz::TimeZone::UTC).year();
    let text = now.strftime("%Y-%m-%d %H:%M UTC").to_string();
    if (NEWER_THAN..OLDER_THAN).contains(&year) {
        Check::good("clock", text)
    } else {
        Check::bad("clock", format!("this machine believes that it is {text}"))
            .help("set the clock: certificates of services are refused by it")
    }
}

fn terminal() -> Check {
    let words = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = words.iter().find_map(|name| Environment::flag(name));
    let utf8 = cfg!(not(unix))
        || locale.as_deref().is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
    let colour = if Console::plain().colour() {
        "colours"
    } else {
        "no colours"
    };
    if !Console::has_terminal() {
        return Check::good("terminal", format!("none, {colour}"));
    }
    if utf8 {
        Check::good("terminal", format!("{colour}, UTF-8"))
    } else {
        Check::doubtful("terminal", format!("{colour}, and no locale with UTF-8"))
            .help("set LANG, for example to C.UTF-8, or Chinese prompts may be shown as signs")
    }
}

fn ffmpeg() -> Check {
    match Environment::ffmpeg() {
        Some(path) if path.is_file() => Check::good("ffmpeg", shown(&path)),
        Some(path) => Check::doubtful(
            "ffmpeg",
            format!(
                "RUNNER_FFMPEG names {}, and there is no such file",
                shown(&path)
            ),
        )
        .help("name a program, or write RUNNER_FFMPEG=none"),
        None => Check::good(
            "ffmpeg",
            "not found, and only needed for videos that are neither H.264 nor HEVC",
        ),
    }
}
