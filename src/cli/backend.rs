//! Which service a run talks to: from flags, environment, manifest and profiles.
//!
//! Owns the choice only; nothing is contacted here.

use std::path::Path;

use crate::cli::config::{Kind, Profile, shown};
use crate::cli::env::{Environment, Origin};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::diag::{Code, Diagnostic, suggest};
use crate::manifest::is_loopback;
use crate::manifest::model::{Backend, Manifest};
use crate::provider::minimax;
use crate::spec::Unlisted;

/// The host for accounts in USD (minimax-api.md section 1).
pub(super) const GLOBAL: &str = "https://api.minimax.io";

/// The host for accounts in CNY.
pub(super) const MAINLAND: &str = "https://api.minimaxi.com";

/// The backend that is always there and speaks to the real service.
pub(super) const MINIMAX: &str = "minimax";

/// The backend that is always there and costs nothing.
pub(super) const SIMULATOR: &str = "simulator";

/// Where the key is looked for unless a backend says otherwise.
const KEY_VARIABLE: &str = "MINIMAX_API_KEY";

/// Whose word it is where the service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Voucher {
    /// This person's, or this program's.
    Trusted,
    /// That of a file which may have come with a storyboard.
    Storyboard,
}

/// What a run needs to know of its service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The name under which its results are kept.
    pub name: String,
    /// Whether it is the simulator in this very program.
    pub simulated: bool,
    /// Whether it is a recording that is replayed; then it is simulated, too.
    pub replayed: bool,
    /// Scheme, host and prefix.
    pub base_url: String,
    /// The variable that holds the key.
    pub key_variable: String,
    /// Whether models that no document knows are let through.
    pub unlisted: Unlisted,
    /// Whose word the host is.
    pub voucher: Voucher,
    /// Where the host is written, for people.
    pub origin: String,
}

impl Target {
    /// The currency of the account that this host belongs to.
    pub(super) fn currency(&self) -> &'static str {
        if is_mainland(&self.base_url) {
            "CNY"
        } else {
            "USD"
        }
    }

    /// Whether it is one of the vendor's own hosts.
    pub(super) fn is_vendor(&self) -> bool {
        is_mainland(&self.base_url) || belongs(&self.base_url, &["minimax.io"])
    }

    /// Whether a key of this person's needs more than a file's word to go there.
    fn is_foreign(&self) -> bool {
        let known = self.simulated || self.is_vendor() || is_loopback(&self.base_url);
        self.voucher == Voucher::Storyboard && !known
    }
}

/// Whether a host is one for accounts in CNY.
pub(super) fn is_mainland(url: &str) -> bool {
    let mainland = [
        "minimaxi.com",
        "minimax.cn",
        "minimax.chat",
        "minimaxi.chat",
    ];
    belongs(url, &mainland)
}

/// Whether the host of an address is one of these names or below one.
fn belongs(url: &str, names: &[&str]) -> bool {
    let host = host(url).to_ascii_lowercase();
    names.iter().any(|name| {
        let above = host.strip_suffix(name);
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    })
}

/// The host of a base URL; nothing for one that is written oddly.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    if host.contains('@') || !host.is_ascii() {
        ""
    } else {
        host
    }
}

/// What is said about the service outside of the manifest.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Choice<'a> {
    /// `--simulate`.
    pub simulate: bool,
    /// `--backend`, or its variable.
    pub backend: Option<&'a str>,
    /// The profile that a flag or a variable names.
    pub asked: Option<&'a Profile>,
    /// The profile that a file names for every day.
    pub usual: Option<&'a Profile>,
}

/// A service as one place describes it: its host and its key belong together.
struct Service {
    base_url: String,
    key_variable: Option<String>,
    voucher: Voucher,
    origin: String,
}

/// Chooses the backend: `--simulate`, `--backend`, `--profile`, the manifest's
/// `backend`, `minimax`.
pub(super) fn choose(
    manifest: &Manifest,
    environment: &Environment,
    choice: Choice<'_>,
) -> Result<Target, Box<Diagnostic>> {
    let asked = choice.asked.filter(|profile| profile.has_service());
    let (name, span) = match (choice.simulate, choice.backend, asked, &manifest.backend) {
        (true, ..) => (SIMULATOR, None),
        (false, Some(flag), ..) => (flag, None),
        (false, None, None, Some(written)) => (written.value.as_str(), Some(written.span)),
        // A profile says where this one is.
        (false, None, Some(_), _) | (false, None, None, None) => (MINIMAX, None),
    };
    if name == SIMULATOR {
        return Ok(simulator());
    }
    let defined = manifest.backends.iter().find(|b| b.name.value == name);
    if defined.is_none() && name != MINIMAX {
        return Err(Box::new(unknown(manifest, name, span)));
    }
    let service = of_profile(asked)
        .or_else(|| of_manifest(defined))
        .or_else(|| of_environment(environment))
        .or_else(|| of_profile(choice.usual))
        .unwrap_or_else(usual);
    let key = defined.and_then(|backend| backend.key_env.as_ref());
    Ok(Target {
        name: name.to_owned(),
        simulated: false,
        replayed: false,
        base_url: checked(&service.base_url, defined)?,
        key_variable: service
            .key_variable
            .or_else(|| key.map(|name| name.value.clone()))
            .unwrap_or_else(|| KEY_VARIABLE.to_owned()),
        unlisted: if defined
            .and_then(|backend| backend.allow_unlisted.as_ref())
            .is_some_and(|allow| allow.value)
        {
            Unlisted::Allow
        } else {
            Unlisted::Refuse
        },
        voucher: service.voucher,
        origin: service.origin,
    })
}

fn of_profile(profile: Option<&Profile>) -> Option<Service> {
    let profile = profile.filter(|profile| profile.has_service())?;
    Some(Service {
        base_url: profile
            .base_url
            .clone()
            .unwrap_or_else(|| GLOBAL.to_owned()),
        key_variable: profile.key_env.clone(),
        voucher: match profile.kind {
            Some(Kind::Project) => Voucher::Storyboard,
            Some(Kind::User) | None => Voucher::Trusted,
        },
        origin: format!("profile `{}`, {}", profile.name, profile.place),
    })
}

fn of_manifest(backend: Option<&Backend>) -> Option<Service> {
    let url = backend?.base_url.as_ref()?;
    Some(Service {
        base_url: url.value.clone(),
        key_variable: None,
        voucher: Voucher::Storyboard,
        origin: "the manifest".to_owned(),
    })
}

fn usual() -> Service {
    Service {
        base_url: GLOBAL.to_owned(),
        key_variable: None,
        voucher: Voucher::Trusted,
        origin: "default".to_owned(),
    }
}

/// The base URL from the names that MiniMax's own tools use, in this order:
/// `MINIMAX_BASE_URL`, `MINIMAX_API_HOST`, `MINIMAX_API_BASE`, and
/// `MINIMAX_REGION` with `global` or `cn`.
fn of_environment(environment: &Environment) -> Option<Service> {
    let hosts = ["MINIMAX_BASE_URL", "MINIMAX_API_HOST", "MINIMAX_API_BASE"];
    let named = hosts
        .iter()
        .find_map(|name| Some((*name, with_scheme(environment.get(name)?))));
    let (name, base_url) = named.or_else(|| {
        let region = environment.get("MINIMAX_REGION")?.to_ascii_lowercase();
        let url = match region.as_str() {
            "global" => GLOBAL,
            "cn" => MAINLAND,
            _ => return None,
        };
        Some(("MINIMAX_REGION", url.to_owned()))
    })?;
    let (voucher, place) = match environment.origin(name) {
        Some(Origin::File(path)) => (Voucher::Storyboard, format!(" in {}", shown(path))),
        _ => (Voucher::Trusted, String::new()),
    };
    Some(Service {
        base_url,
        key_variable: None,
        voucher,
        origin: format!("{name}{place}"),
    })
}

/// The key of a service, or why there is none.
///
/// A file that came with a storyboard can name any host. The vendor's key goes to
/// such a host only where it came with that storyboard as well, and another key
/// only under the name that is written beside the host.
pub(super) fn key(
    target: &Target,
    environment: &Environment,
    manifest: &Path,
) -> Result<String, CliError> {
    if target.simulated {
        return Ok("simulated".to_owned());
    }
    let variable = &target.key_variable;
    let Some(key) = environment.get(variable) else {
        let message = format!(
            "there is no key for `{}`: {variable} is not set",
            target.name
        );
        return Err(CliError::new(Exit::Key, message).advice(format!(
            "set {variable} in the environment or in a .env file beside the manifest, or try it without a key and without cost: runner apply {} --simulate",
            manifest.display()
        )));
    };
    let vendors =
        variable == KEY_VARIABLE && environment.origin(variable) == Some(&Origin::Process);
    let borrowed = environment.same_as(variable, key);
    if target.is_foreign() && (vendors || borrowed.is_some()) {
        let message = format!(
            "your key in {} is not sent to `{}`, which {} names",
            borrowed.unwrap_or(variable),
            host(&target.base_url),
            target.origin
        );
        return Err(CliError::new(Exit::Key, message).advice(
            "if you trust that host, give it a key of its own and name its variable beside it with `key_env`, or set MINIMAX_BASE_URL yourself",
        ));
    }
    Ok(key.to_owned())
}

/// A word on a key that goes to a host which only a file names.
pub(super) fn announcement(target: &Target) -> Option<String> {
    target.is_foreign().then(|| {
        format!(
            "the key in {} goes to {}, as {} says",
            target.key_variable,
            host(&target.base_url),
            target.origin
        )
    })
}

/// A bare host is meant as HTTPS, unless it is this machine.
fn with_scheme(text: &str) -> String {
    let here = ["127.", "localhost", "[::1]"];
    if text.contains("://") {
        text.to_owned()
    } else if here.iter().any(|host| text.starts_with(host)) {
        format!("http://{text}")
    } else {
        format!("https://{text}")
    }
}

fn simulator() -> Target {
    Target {
        name: SIMULATOR.to_owned(),
        simulated: true,
        replayed: false,
        // The port is known only once it listens; plans show the word instead.
        base_url: SIMULATOR.to_owned(),
        key_variable: KEY_VARIABLE.to_owned(),
        unlisted: Unlisted::Refuse,
        voucher: Voucher::Trusted,
        origin: "built in".to_owned(),
    }
}

fn checked(url: &str, backend: Option<&Backend>) -> Result<String, Box<Diagnostic>> {
    minimax::normalise(url).map_err(|error| {
        let span = backend.and_then(|b| b.base_url.as_ref()).map(|u| u.span);
        Box::new(
            Diagnostic::new(
                crate::diag::Severity::Error,
                Code::UnknownBackend,
                span,
                error.to_string(),
            )
            .help("scheme, host and, for a gateway, its prefix: https://gateway.example/minimaxi"),
        )
    })
}

fn unknown(manifest: &Manifest, name: &str, span: Option<crate::diag::Span>) -> Diagnostic {
    let mut names = vec![MINIMAX, SIMULATOR];
    names.extend(manifest.backends.iter().map(|b| b.name.value.as_str()));
    let diagnostic = Diagnostic::new(
        crate::diag::Severity::Error,
        Code::UnknownBackend,
        span,
        format!("no backend is called `{name}`"),
    )
    .note(format!("known here: {}", names.join(", ")));
    match suggest(name, names) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("define it under `backends:`"),
    }
}
