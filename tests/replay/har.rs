//! What HAR 1.2 requires, as its viewers check it: every field that has to be there, with
//! its type, by <http://www.softwareishard.com/blog/har-12-spec/>.

use serde_json::Value;

/// What a field may be.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// A number that is not negative, or -1 where the format allows it.
    Number(bool),
    Object(&'static [(&'static str, bool, Kind)]),
    List(&'static Kind),
    Time,
    Url,
}

use Kind::{List, Number, Object, Text, Time, Url};

const PAIR: Kind = Object(&[
    ("name", true, Text),
    ("value", true, Text),
    ("comment", false, Text),
]);

const REQUEST: &[(&str, bool, Kind)] = &[
    ("method", true, Text),
    ("url", true, Url),
    ("httpVersion", true, Text),
    ("cookies", true, List(&PAIR)),
    ("headers", true, List(&PAIR)),
    ("queryString", true, List(&PAIR)),
    (
        "postData",
        false,
        Object(&[
            ("mimeType", true, Text),
            ("params", true, List(&PAIR)),
            ("text", true, Text),
        ]),
    ),
    ("headersSize", true, Number(true)),
    ("bodySize", true, Number(true)),
];

const RESPONSE: &[(&str, bool, Kind)] = &[
    ("status", true, Number(false)),
    ("statusText", true, Text),
    ("httpVersion", true, Text),
    ("cookies", true, List(&PAIR)),
    ("headers", true, List(&PAIR)),
    (
        "content",
        true,
        Object(&[
            ("size", true, Number(false)),
            ("mimeType", true, Text),
            ("text", false, Text),
            ("encoding", false, Text),
        ]),
    ),
    ("redirectURL", true, Text),
    ("headersSize", true, Number(true)),
    ("bodySize", true, Number(true)),
];

const ENTRY: Kind = Object(&[
    ("startedDateTime", true, Time),
    ("time", true, Number(false)),
    ("request", true, Object(REQUEST)),
    ("response", true, Object(RESPONSE)),
    ("cache", true, Object(&[])),
    (
        "timings",
        true,
        Object(&[
            ("send", true, Number(false)),
            ("wait", true, Number(false)),
            ("receive", true, Number(false)),
        ]),
    ),
]);

const HAR: Kind = Object(&[(
    "log",
    true,
    Object(&[
        ("version", true, Text),
        (
            "creator",
            true,
            Object(&[("name", true, Text), ("version", true, Text)]),
        ),
        ("pages", false, List(&Object(&[]))),
        ("entries", true, List(&ENTRY)),
    ]),
)]);

/// Everything that a reader of HAR 1.2 would stumble over, with its place.
pub(crate) fn mistakes(har: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(har, HAR, "", &mut found);
    if har["log"]["version"] != "1.2" {
        found.push("log.version is not 1.2".to_owned());
    }
    found
}

fn check(value: &Value, kind: Kind, place: &str, found: &mut Vec<String>) {
    let right = match (kind, value) {
        (Text, Value::String(_)) => true,
        (Time, Value::String(text)) => text.parse::<jiff::Timestamp>().is_ok(),
        (Url, Value::String(text)) => reqwest::Url::parse(text).is_ok(),
        (Number(unknown), Value::Number(number)) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            number >= 0.0 || (unknown && number.to_bits() == (-1.0_f64).to_bits())
        }
        (List(kind), Value::Array(items)) => {
            for (at, item) in items.iter().enumerate() {
                check(item, *kind, &format!("{place}[{at}]"), found);
            }
            true
        }
        (Object(fields), Value::Object(object)) => {
            for (name, required, kind) in fields {
                let place = format!("{place}.{name}");
                match object.get(*name) {
                    Some(value) => check(value, *kind, &place, found),
                    None if *required => found.push(format!("{place} is missing")),
                    None => {}
                }
            }
            // What the format does not know begins with an underscore.
            if !fields.is_empty() {
                let known = |name: &str| fields.iter().any(|(field, ..)| *field == name);
                let odd = object
                    .keys()
                    .filter(|name| !known(name) && !name.starts_with('_'));
                found.extend(odd.map(|name| format!("{place}.{name} is no field of HAR")));
            }
            true
        }
        _ => false,
    };
    if !right {
        found.push(format!("{place} is {value}"));
    }
}
