//! Addresses as they may be shown.
//!
//! Owns what of an address lets others in: a signed link is a key, and what is
//! printed or written is kept and passed on. What is sent and what is hashed
//! holds the whole address; nothing here is called for either.

use serde_json::{Map, Value};

/// What stands in place of what was cut.
const CUT: &str = "?…";

/// A request as it may be shown: addresses without user, query and fragment.
pub fn shown(request: &Map<String, Value>) -> Map<String, Value> {
    let fields = request.iter();
    fields
        .map(|(field, value)| (field.clone(), without_secrets(value)))
        .collect()
}

/// The same for any value; what is no address stays as it is.
pub fn without_secrets(value: &Value) -> Value {
    match value {
        Value::String(text) if is_link(text) => Value::String(plain(text)),
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        Value::Object(object) => Value::Object(shown(object)),
        other => other.clone(),
    }
}

/// Whether a text is an address of the web.
pub fn is_link(text: &str) -> bool {
    let scheme = text
        .trim_start()
        .split_once("://")
        .map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}

fn plain(link: &str) -> String {
    let (address, cut) = match link.find(['?', '#']) {
        Some(at) => (&link[..at], CUT),
        None => (link, ""),
    };
    let Some((scheme, rest)) = address.split_once("://") else {
        return format!("{address}{cut}");
    };
    let host_ends = rest.find('/').unwrap_or(rest.len());
    let host = rest[..host_ends].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}{cut}", &rest[host..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{is_link, without_secrets};

    #[test]
    fn addresses_lose_what_is_secret() {
        let request = json!({
            "prompt": "Why? Because.",
            "first_frame_image": "https://me:pass@host.example/a.png?X-Amz-Signature=s3cret#x",
            "last_frame_image": "https://host.example/b@2x.png",
            "subject_reference": [{ "image": ["HTTP://host.example/b c.png#s3cret"] }],
        });
        let shown = without_secrets(&request);
        assert_eq!(shown["prompt"], "Why? Because.");
        assert_eq!(shown["first_frame_image"], "https://host.example/a.png?…");
        assert_eq!(shown["last_frame_image"], "https://host.example/b@2x.png");
        assert_eq!(
            shown["subject_reference"][0]["image"][0],
            "HTTP://host.example/b c.png?…"
        );
        assert!(!shown.to_string().contains("s3cret"));
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        assert!(is_link(" HTTPS://host.example/a.png"));
        assert!(!is_link("see https://host.example/a.png"));
        assert!(!is_link("stills/a.png?"));
        assert!(!is_link("data:image/png;base64,AAAA"));
    }
}
