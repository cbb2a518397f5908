//! Which links are opened: the client for storage hosts, which has no key.
//!
//! Owns the rules against a link that leads astray. A link comes from an answer,
//! and so from whoever can forge one: it may not reach into the network of the
//! machine that opens it, unless the service itself is there.

use std::net::{IpAddr, Ipv6Addr};

use reqwest::redirect::{Attempt, Policy};
use reqwest::{ClientBuilder, Url};

/// How many redirects of a link are followed.
const REDIRECTS: usize = 3;

/// Hosts whose links sometimes come as plain HTTP and refuse it (minimax-api.md 2.5).
const HTTPS_HOSTS: [&str; 5] = [
    "aliyuncs.com",
    "minimax.io",
    "minimaxi.com",
    "minimax.cn",
    "hailuoai.com",
];

/// What a link may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The service is out there: nothing inside this network.
    Outside,
    /// The service is inside this network itself, as simulators and gateways are.
    Anywhere,
}

impl Reach {
    /// The reach of links that a service at this address gives.
    pub(super) fn of_service(base_url: &str) -> Self {
        match Url::parse(base_url) {
            Ok(url) if is_inside(&url) => Self::Anywhere,
            _ => Self::Outside,
        }
    }

    /// The address to open, with HTTPS where plain HTTP is known to be refused;
    /// `None` for what is not opened.
    pub(super) fn admit(self, link: &str) -> Option<Url> {
        let url = lift(Url::parse(link).ok()?);
        let web = matches!(url.scheme(), "http" | "https");
        (web && (self == Self::Anywhere || !is_inside(&url))).then_some(url)
    }

    /// Redirects are admitted like links.
    pub(super) fn follow(self, builder: ClientBuilder) -> ClientBuilder {
        builder
            // The address of a signed link is a secret towards the next host.
            .referer(false)
            .redirect(Policy::custom(move |attempt: Attempt<'_>| {
                if attempt.previous().len() > REDIRECTS {
                    return attempt.error("more redirects than a link needs");
                }
                match self.admit(attempt.url().as_str()) {
                    Some(_) => attempt.follow(),
                    None => attempt.error("a redirect into this network is not followed"),
                }
            }))
    }
}

/// Plain HTTP links of the known hosts work over HTTPS only.
fn lift(mut url: Url) -> Url {
    let known = url.host_str().is_some_and(|host| {
        HTTPS_HOSTS.iter().any(|known| {
            let before = host.strip_suffix(known);
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
    });
    if url.scheme() == "http" && known {
        // Refused only for schemes that are not of the web.
        let _ = url.set_scheme("https");
    }
    url
}

/// Whether an address is of this machine or of a network that is not public, as
/// far as the address itself says. A name that resolves to one is not seen.
fn is_inside(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return true;
    };
    let name = host.trim_matches(['[', ']']);
    match name.parse::<IpAddr>() {
        Ok(address) => is_inside_address(address),
        Err(_) => {
            name == "localhost" || name.ends_with(".localhost") || name.ends_with(".internal")
        }
    }
}

/// Whether an address is this very machine.
pub(super) fn is_here(base_url: &str) -> bool {
    let url = Url::parse(base_url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let name = host.trim_matches(['[', ']']);
    match name.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

fn is_inside_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                // Shared address space of carriers (RFC 6598).
                || (v4.octets()[0] == 100 && v4.octets()[1] & 0xC0 == 64)
        }
        IpAddr::V6(v6) => v6
            .to_ipv4_mapped()
            .map_or_else(|| is_inside_v6(v6), |v4| is_inside_address(IpAddr::V4(v4))),
    }
}

fn is_inside_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

#[cfg(test)]
mod tests {
    use super::Reach;

    fn admitted(reach: Reach, link: &str) -> Option<String> {
        reach.admit(link).map(String::from)
    }

    #[test]
    fn a_link_does_not_reach_into_this_network() {
        for inside in [
            "http://127.0.0.1/x",
            "http://localhost:8080/x",
            "http://10.0.0.7/x",
            "https://192.168.1.1/x",
            "http://172.16.0.1/x",
            "http://169.254.169.254/latest/meta-data",
            "http://100.64.0.1/x",
            "http://[::1]/x",
            "http://[fd00::1]/x",
            "http://[fe80::1]/x",
            "http://[::ffff:10.0.0.1]/x",
            "http://0.0.0.0/x",
            "http://2130706433/x",
            "file:///etc/passwd",
            "ftp://storage.example/x",
        ] {
            assert_eq!(admitted(Reach::Outside, inside), None, "{inside}");
        }
    }

    #[test]
    fn a_service_inside_may_link_inside() {
        let service = Reach::of_service("http://127.0.0.1:8787/minimaxi");
        assert!(admitted(service, "http://127.0.0.1:9000/x").is_some());
        assert_eq!(Reach::of_service("https://api.minimax.io"), Reach::Outside);
    }

    #[test]
    fn known_hosts_are_lifted_to_https_and_others_are_not() {
        let lifted = |link| admitted(Reach::Outside, link).expect("it is a link");
        assert!(lifted("http://bucket.oss-us-east-1.aliyuncs.com/a?b=c").starts_with("https://"));
        assert!(lifted("http://storage.example/a").starts_with("http://"));
        assert!(lifted("http://notaliyuncs.com/a").starts_with("http://"));
    }
}
