//! Which service a run talks to: from flags, environment and manifest.
//!
//! Owns the choice only; nothing is contacted here.

use crate::cli::env::Environment;
use crate::diag::{Code, Diagnostic, suggest};
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

/// What a run needs to know of its service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The name under which its results are kept.
    pub name: String,
    /// Whether it is the simulator in this very program.
    pub simulated: bool,
    /// Scheme, host and prefix.
    pub base_url: String,
    /// The variable that holds the key.
    pub key_variable: String,
    /// Whether models that no document knows are let through.
    pub unlisted: Unlisted,
}

impl Target {
    /// The currency of the account that this host belongs to.
    pub(super) fn currency(&self) -> &'static str {
        let mainland = [
            ".minimaxi.com",
            ".minimax.cn",
            ".minimax.chat",
            ".minimaxi.chat",
        ];
        let host = self.base_url.split("://").nth(1).unwrap_or_default();
        let host = host.split(['/', ':']).next().unwrap_or_default();
        if mainland.iter().any(|end| host.ends_with(end)) {
            "CNY"
        } else {
            "USD"
        }
    }

    /// Whether it is one of the vendor's own hosts.
    pub(super) fn is_vendor(&self) -> bool {
        let host = self.base_url.split("://").nth(1).unwrap_or_default();
        let host = host.split(['/', ':']).next().unwrap_or_default();
        ["minimax.io", "minimaxi.com", "minimax.cn"]
            .iter()
            .any(|known| host.ends_with(known))
    }
}

/// Chooses the backend: `--simulate`, `--backend`, the manifest's `backend`, `minimax`.
pub(super) fn choose(
    manifest: &Manifest,
    environment: &Environment,
    simulate: bool,
    flag: Option<&str>,
) -> Result<Target, Box<Diagnostic>> {
    let (name, span) = match (simulate, flag, &manifest.backend) {
        (true, ..) => (SIMULATOR, None),
        (false, Some(flag), _) => (flag, None),
        (false, None, Some(written)) => (written.value.as_str(), Some(written.span)),
        (false, None, None) => (MINIMAX, None),
    };
    let defined = manifest.backends.iter().find(|b| b.name.value == name);
    if name == SIMULATOR {
        return Ok(simulator());
    }
    if defined.is_none() && name != MINIMAX {
        return Err(Box::new(unknown(manifest, name, span)));
    }
    let base_url = defined
        .and_then(|backend| backend.base_url.as_ref())
        .map(|url| url.value.clone())
        .or_else(|| base_url(environment))
        .unwrap_or_else(|| GLOBAL.to_owned());
    Ok(Target {
        name: name.to_owned(),
        simulated: false,
        base_url: checked(&base_url, defined)?,
        key_variable: defined
            .and_then(|backend| backend.key_env.as_ref())
            .map_or_else(|| KEY_VARIABLE.to_owned(), |name| name.value.clone()),
        unlisted: if defined
            .and_then(|backend| backend.allow_unlisted.as_ref())
            .is_some_and(|allow| allow.value)
        {
            Unlisted::Allow
        } else {
            Unlisted::Refuse
        },
    })
}

/// The base URL from the names that MiniMax's own tools use, in this order:
/// `MINIMAX_BASE_URL`, `MINIMAX_API_HOST`, `MINIMAX_API_BASE`, and
/// `MINIMAX_REGION` with `global` or `cn`.
fn base_url(environment: &Environment) -> Option<String> {
    let named = ["MINIMAX_BASE_URL", "MINIMAX_API_HOST", "MINIMAX_API_BASE"]
        .iter()
        .find_map(|name| environment.get(name));
    if let Some(url) = named {
        return Some(with_scheme(url));
    }
    let region = environment.get("MINIMAX_REGION")?.to_ascii_lowercase();
    match region.as_str() {
        "global" => Some(GLOBAL.to_owned()),
        "cn" => Some(MAINLAND.to_owned()),
        _ => None,
    }
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
        // The port is known only once it listens; plans show the word instead.
        base_url: SIMULATOR.to_owned(),
        key_variable: KEY_VARIABLE.to_owned(),
        unlisted: Unlisted::Refuse,
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
