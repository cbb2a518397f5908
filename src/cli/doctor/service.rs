//! The service and its key: first by what is written down, then by asking.
//!
//! Owns what a key should look like. A key is described by its family and never
//! shown, not even in part.

use std::time::Duration;

use jiff::Timestamp;

use crate::cli::backend::{self, MINIMAX, Target};
use crate::cli::config::place_of;
use crate::cli::doctor::Check;
use crate::cli::env::Environment;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::simulate;
use crate::event::FailureClass;
use crate::id::TaskId;
use crate::provider::Provider as _;
use crate::provider::minimax::{self, MiniMax, Settings};

/// How long a service may take before it counts as not there.
const PATIENCE: Duration = Duration::from_secs(15);

/// Clocks further apart than this are worth a word.
const APART: i64 = 120;

/// A task that no service has given out.
const NO_TASK: &str = "1";

/// What a service says of such a task to somebody whose key it takes (minimax-api.md 5.1).
const NO_SUCH_TASK: i64 = 2013;

/// Variables by which connections are led elsewhere.
const PROXIES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// What can be said without asking anybody.
pub(super) fn offline(target: &Target, environment: &Environment) -> Vec<Check> {
    if target.simulated {
        return vec![Check::good(
            "service",
            "the simulator in this program: no key, no cost",
        )];
    }
    let region = if !target.is_vendor() {
        "not one of the vendor's hosts"
    } else if backend::is_mainland(&target.base_url) {
        "mainland, accounts in CNY"
    } else {
        "global, accounts in USD"
    };
    let message = format!("{} ({region}), from {}", target.base_url, target.origin);
    let mut checks = vec![Check::good("service", message)];
    checks.extend(key(target, environment));
    checks.extend(proxies(environment));
    checks
}

fn key(target: &Target, environment: &Environment) -> Vec<Check> {
    let variable = &target.key_variable;
    let (Some(raw), Some(origin)) = (environment.raw(variable), environment.origin(variable))
    else {
        let help = format!(
            "set {variable} in the environment or in a .env file beside the manifest; --simulate needs none"
        );
        return vec![Check::bad("key", format!("{variable} is not set")).help(help)];
    };
    let place = place_of(origin);
    let mut checks: Vec<Check> = oddities(raw)
        .into_iter()
        .map(|odd| {
            Check::bad("key", format!("{variable} {odd}"))
                .help("copy it again, nothing but the key")
        })
        .collect();
    if checks.is_empty() {
        let family = family(raw.trim());
        let message = format!("{variable} is set, from {place}, {family}");
        let known = target.name != MINIMAX || family != UNKNOWN || !target.is_vendor();
        checks.push(if known {
            Check::good("key", message)
        } else {
            Check::doubtful("key", message)
                .help("keys of the vendor begin with sk-api- or sk-cp-, or are JWTs")
        });
    }
    if let Err(error) = backend::key(target, environment, "FILE".as_ref()) {
        let help = error.advice.clone().unwrap_or_default();
        checks.push(Check::bad("key", error.to_string()).help(help));
    } else {
        let word = backend::announcement(target);
        checks.extend(word.map(|word| Check::doubtful("key", word)));
    }
    checks.extend(region(target));
    checks
}

/// The name of a variable may say which region its key is of; the key does not.
fn region(target: &Target) -> Option<Check> {
    let name = &target.key_variable;
    let says = |words: &[&str]| name.split('_').any(|part| words.contains(&part));
    let mainland = backend::is_mainland(&target.base_url);
    let other = if mainland {
        says(&["GLOBAL", "INTL", "IO"])
    } else {
        target.is_vendor() && says(&["CN", "MAINLAND", "CHINA"])
    };
    other.then(|| {
        let message = format!("{name} looks like a key of the other region than {}", backend::host(&target.base_url));
        Check::doubtful("key", message)
            .help("a key of the other region is refused like a wrong one: choose --profile global or mainland")
    })
}

const UNKNOWN: &str = "of no family that is known here";

/// The family of a key, by how it begins (minimax-api.md section 1).
fn family(key: &str) -> &'static str {
    let key = key.strip_prefix("Bearer ").unwrap_or(key);
    if key.starts_with("sk-api-") {
        "a pay-as-you-go key"
    } else if key.starts_with("sk-cp-") {
        "a subscription key"
    } else if key.starts_with("eyJ") && key.matches('.').count() == 2 {
        "an older key (JWT)"
    } else {
        UNKNOWN
    }
}

/// What copying leaves around a key.
fn oddities(raw: &str) -> Vec<&'static str> {
    let key = raw.trim();
    let inner = key.strip_prefix("Bearer ").unwrap_or(key);
    let quote = |c: char| matches!(c, '"' | '\'' | '`' | '“' | '”');
    let mut odd = Vec::new();
    if inner.starts_with(quote) || inner.ends_with(quote) {
        odd.push("has quotes around the key");
    }
    if inner.contains(['\n', '\r']) {
        odd.push("holds more than one line");
    } else if inner.contains(char::is_whitespace) {
        odd.push("has a space inside the key");
    }
    if !inner.is_ascii() {
        odd.push("holds characters that no key has");
    }
    if inner.contains('…') || inner.contains("...") || inner.contains("***") {
        odd.push("holds an example or a shortened key");
    }
    odd
}

fn proxies(environment: &Environment) -> Option<Check> {
    // Only their names: a proxy's address may hold a password.
    let set: Vec<&str> = PROXIES
        .into_iter()
        .filter(|name| environment.origin(name) == Some(&crate::cli::env::Origin::Process))
        .collect();
    let except = if environment
        .get("NO_PROXY")
        .or_else(|| environment.get("no_proxy"))
        .is_some()
    {
        ", but for what NO_PROXY names"
    } else {
        ""
    };
    (!set.is_empty()).then(|| {
        Check::good(
            "proxy",
            format!("connections go as {} say{except}", set.join(", ")),
        )
    })
}

/// What the service says, or that it says nothing.
pub(super) fn online(
    target: &Target,
    environment: &Environment,
    send_key: bool,
) -> Result<Vec<Check>, CliError> {
    let runtime = simulate::runtime()?;
    let mut checks = match runtime.block_on(minimax::reach(&target.base_url, PATIENCE)) {
        Ok(reached) => {
            let took = reached.took.as_millis();
            let message = format!(
                "{} answers ({}, {took} ms)",
                backend::host(&target.base_url),
                reached.status
            );
            let mut checks = vec![Check::good("network", message)];
            checks.extend(reached.date.and_then(|date| apart(Timestamp::now(), date)));
            checks
        }
        Err(error) => {
            let help = "check the network, the proxy and the address of the service";
            vec![Check::bad("network", error.to_string()).help(help)]
        }
    };
    let reached = checks
        .iter()
        .all(|check| check.verdict != super::Verdict::Bad);
    if send_key
        && reached
        && let Ok(key) = backend::key(target, environment, "FILE".as_ref())
    {
        checks.push(runtime.block_on(taken(target, key))?);
    }
    runtime.shutdown_background();
    Ok(checks)
}

fn apart(now: Timestamp, date: Timestamp) -> Option<Check> {
    let seconds = now.duration_since(date).as_secs();
    (seconds.abs() > APART).then(|| {
        let way = if seconds > 0 { "ahead of" } else { "behind" };
        let message = format!("this machine is {} s {way} the service", seconds.abs());
        Check::doubtful("clock", message).help("set the clock, or let the system do it")
    })
}

/// Whether the service takes the key.
async fn taken(target: &Target, key: String) -> Result<Check, CliError> {
    let provider = MiniMax::new(&Settings {
        base_url: target.base_url.clone(),
        key,
        label_shots: false,
        silence: PATIENCE,
        witness: None,
        recorder: None,
    })
    .map_err(|error| CliError::new(Exit::Usage, "the service cannot be used").because(error))?;
    let Err(failure) = provider.poll(&TaskId::new(NO_TASK)).await else {
        return Ok(Check::good("key", "the service takes the key"));
    };
    let variable = &target.key_variable;
    if failure.code == Some(NO_SUCH_TASK) {
        return Ok(Check::good("key", "the service takes the key"));
    }
    Ok(match failure.class {
        FailureClass::KeyRefused => Check::bad("key", format!("the service refuses the key in {variable}: {}", failure.message))
            .help("check the key, and that it belongs to the region of the host: a key of the other region looks just like a wrong one"),
        FailureClass::OutOfCredit => Check::doubtful("key", format!("the service takes the key and says: {}", failure.message))
            .help(failure.class.advice()),
        FailureClass::Invalid | FailureClass::TaskFailed | FailureClass::ModelNotOnPlan | FailureClass::Throttled => {
            Check::good("key", "the service takes the key")
        }
        _ => Check::doubtful("key", format!("nobody can say whether the key is taken: {}", failure.message))
            .help(failure.class.advice()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_their_family_and_by_what_copying_leaves() {
        assert_eq!(family("sk-api-abc"), "a pay-as-you-go key");
        assert_eq!(family("Bearer sk-cp-abc"), "a subscription key");
        assert_eq!(family("eyJh.eyJi.c2ln"), "an older key (JWT)");
        assert_eq!(family("hello"), UNKNOWN);
        for good in ["sk-api-abc", " sk-api-abc\n", "Bearer sk-api-abc"] {
            assert_eq!(oddities(good), Vec::<&str>::new(), "{good}");
        }
        for (odd, word) in [
            ("\"sk-api-abc\"", "quotes"),
            ("sk-api-a bc", "space"),
            ("sk-api-a\nsk-api-b", "line"),
            ("sk-api-…", "example"),
            ("sk-api-ключ", "characters"),
        ] {
            let found = oddities(odd);
            assert!(
                found.iter().any(|found| found.contains(word)),
                "{odd}: {found:?}"
            );
        }
    }

    #[test]
    fn clocks_may_differ_a_little() {
        let at = |second| Timestamp::from_second(second).expect("it is in range");
        assert!(apart(at(1_000), at(1_100)).is_none());
        let check = apart(at(1_000), at(9_000)).expect("more than two minutes");
        assert!(check.message.contains("8000 s behind"), "{}", check.message);
    }
}
