//! Addresses that an author writes: of a service, and of this machine as the
//! service sees it.
//!
//! Owns what may be written as one. Nothing is resolved or contacted, and an
//! address is never repeated in a message: it may hold a password.

use std::net::{IpAddr, SocketAddr};

use crate::diag::{Code, Diagnostic, Spanned};
use crate::manifest::model::Callback;
use crate::manifest::tree::Node;

/// The parts of an address that rules are about.
struct Parts<'a> {
    scheme: &'a str,
    /// Everything behind the scheme.
    rest: &'a str,
    /// Up to the path: host, port and whatever stands before them.
    authority: &'a str,
    host: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        };
        Self {
            scheme,
            rest,
            authority,
            host,
        }
    }

    fn is_web(&self) -> bool {
        matches!(self.scheme, "http" | "https") && !self.host.is_empty()
    }
}

/// Whether an address leads back to the machine that uses it.
pub(crate) fn is_loopback(url: &str) -> bool {
    let host = Parts::of(url).host;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let named = host.eq_ignore_ascii_case("localhost");
    let numbered = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
    named || bare.parse().is_ok_and(numbered)
}

/// Why a text is no base address. Plain http would show the key to the
/// network, so it is for this machine only.
pub(crate) fn bad_base_url(url: &str) -> Option<&'static str> {
    let parts = Parts::of(url);
    let local = ["localhost", "127.0.0.1", "[::1]"].contains(&parts.host);
    if !parts.is_web() || url.contains(char::is_whitespace) {
        Some("this is not the address of a service")
    } else if parts.authority.contains('@') {
        Some("an address with a name or a key in it is refused")
    } else if parts.rest.contains(['?', '#']) {
        Some("a base address ends before `?` and `#`")
    } else if parts.scheme == "http" && !local {
        Some("the key would travel in the open: plain http is for this machine only")
    } else {
        None
    }
}

/// Why a text is no address to be called back at.
fn bad_public_url(url: &str) -> Option<&'static str> {
    let parts = Parts::of(url);
    // What a URI may hold without escapes; the documents ask for one.
    let odd = |c: char| !c.is_ascii_graphic() || "<>\"{}|\\^`".contains(c);
    if !parts.is_web() || url.contains(odd) {
        Some("this is not an address that a service could post to")
    } else if parts.authority.contains('@') {
        Some("an address with a name or a password in it is refused")
    } else if parts.rest.contains(['?', '#']) {
        Some("the address ends before `?` and `#`: each creation gets a path behind it")
    } else {
        None
    }
}

/// The listener of a manifest, if both of its addresses can be used.
pub(super) fn callback(node: &Node, diagnostics: &mut Vec<Diagnostic>) -> Option<Callback> {
    let listen = node.get("listen").and_then(Node::spanned_text);
    let listen = listen.and_then(|text| socket(&text, diagnostics));
    let public_url = node.get("public_url").and_then(Node::spanned_text)?;
    if let Some(reason) = bad_public_url(&public_url.value) {
        diagnostics.push(
            Diagnostic::error(Code::BadValue, public_url.span, reason)
                .help("write an address such as `https://hooks.example.com/runner`"),
        );
        return None;
    }
    Some(Callback {
        listen: listen?,
        public_url,
    })
}

/// An address with a port. A free port of the system's choice would be another
/// one in every run, and nobody could lead callbacks there.
fn socket(
    text: &Spanned<String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Spanned<SocketAddr>> {
    let written: &str = &text.value;
    let (message, help) = match written.parse::<SocketAddr>() {
        Ok(address) if address.port() != 0 => return Some(Spanned::new(address, text.span)),
        Ok(_) => ("`listen` needs a port of its own, not 0".to_owned(), None),
        Err(_) => {
            let message =
                format!("`{written}` is not an address with a port such as `127.0.0.1:8787`");
            (message, meant(written))
        }
    };
    let diagnostic = Diagnostic::error(Code::BadValue, text.span, message);
    diagnostics.push(match help {
        Some(help) => diagnostic.help(format!("write `{help}`")),
        None => diagnostic,
    });
    None
}

/// What other programs take: a port alone, `localhost`, or a star.
fn meant(written: &str) -> Option<String> {
    let (host, port) = written.rsplit_once(':').unwrap_or(("", written));
    let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
    match host {
        "" | "localhost" => Some(format!("127.0.0.1:{port}")),
        "*" => Some(format!("0.0.0.0:{port}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{bad_public_url, is_loopback, meant};

    #[test]
    fn addresses_to_be_called_back_at() {
        for good in [
            "https://hooks.example.com",
            "https://hooks.example.com:8443/runner/",
            "http://[2001:db8::1]:8787/a%20b",
        ] {
            assert_eq!(bad_public_url(good), None, "{good}");
        }
        for bad in [
            "",
            "hooks.example.com",
            "ftp://hooks.example.com",
            "https://",
            "https://:80/",
            "https:///runner",
            "https://hooks.example.com/a b",
            "https://例子.example",
            "https://hooks.example.com/{id}",
            "https://u@hooks.example.com",
            "https://hooks.example.com?x",
            "https://hooks.example.com/#x",
        ] {
            assert!(bad_public_url(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn loopback_has_many_names() {
        for own in [
            "http://localhost:1/x",
            "http://LOCALHOST",
            "http://127.8.0.1",
            "https://[::1]:80/",
            "http://0.0.0.0:8787",
        ] {
            assert!(is_loopback(own), "{own}");
        }
        for other in [
            "https://localhost.example",
            "http://10.0.0.1",
            "simulator",
            "",
        ] {
            assert!(!is_loopback(other), "{other}");
        }
    }

    #[test]
    fn habits_of_other_programs_are_understood() {
        assert_eq!(meant(":8787").as_deref(), Some("127.0.0.1:8787"));
        assert_eq!(meant("localhost:8787").as_deref(), Some("127.0.0.1:8787"));
        assert_eq!(meant("*:8787").as_deref(), Some("0.0.0.0:8787"));
        assert_eq!(meant("hooks.example:8787"), None);
        assert_eq!(meant("127.0.0.1"), None);
        assert_eq!(meant("0"), None);
    }
}
