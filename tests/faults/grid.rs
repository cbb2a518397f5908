//! The table: what each fault means for each operation, once and for good.

use runner::cli::Exit;
use runner::state::Outcome;
use serde_json::{Value, json};

use self::End::{Address, Failed, KeyLeft, KeyRefused, Left, Made, Quota, Refused, Unknown};

/// How the shot ends: its outcome, the exit code of the run, and the tasks that
/// were billed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The video is there.
    Made,
    /// Refused, without cost.
    Refused,
    /// Refused, without cost; the key is the reason.
    KeyRefused,
    /// Refused, without cost; the balance is the reason.
    Quota,
    /// Refused, without cost; something else lives at the address.
    Address,
    /// Uncertain, and no task exists.
    Unknown,
    /// Uncertain, and a task exists.
    Lost,
    /// Paid, and the service failed it.
    Failed,
    /// Paid, to be collected by another run.
    Left,
    /// The same, because the key was refused meanwhile.
    KeyLeft,
}

impl End {
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Made => Outcome::Succeeded,
            Refused | KeyRefused | Quota | Address | Failed => Outcome::Failed,
            Unknown | Self::Lost => Outcome::Uncertain,
            Left | KeyLeft => Outcome::Pending,
        }
    }

    pub(crate) fn exit(self) -> Exit {
        match self {
            Made => Exit::Success,
            Refused | Failed => Exit::ShotsFailed,
            KeyRefused | KeyLeft => Exit::Key,
            Quota => Exit::Quota,
            Address => Exit::Network,
            Unknown | Self::Lost => Exit::Uncertain,
            Left => Exit::Unfinished,
        }
    }

    pub(crate) fn billed(self) -> usize {
        match self {
            Refused | KeyRefused | Quota | Address | Unknown => 0,
            Made | Self::Lost | Failed | Left | KeyLeft => 1,
        }
    }

    /// The end of the next run, without the fault: what was refused is made, what
    /// was paid is collected, and what only a person can know stays as it is.
    pub(crate) fn after(self) -> Self {
        match self {
            Made | Refused | KeyRefused | Quota | Address | Left | KeyLeft => Made,
            Unknown | Self::Lost | Failed => self,
        }
    }
}

/// One run against one fault.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) rules: Value,
    pub(crate) end: End,
}

/// A fault, and the end of a shot that meets it on a create and on a query, each
/// once and every time.
struct Fault {
    name: &'static str,
    then: &'static str,
    create: [End; 2],
    query: [End; 2],
}

const fn fault(name: &'static str, then: &'static str, create: [End; 2], query: [End; 2]) -> Fault {
    Fault {
        name,
        then,
        create,
        query,
    }
}

/// A question can always be asked again, until the deadline.
const PATIENT: [End; 2] = [Made, Left];

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    //    what                  in the scenario's words                      create, once/ever      query, once/ever
    fault("1000",               r#"{"code":1000}"#,                          [Unknown, Unknown],       PATIENT),
    fault("1001",               r#"{"code":1001}"#,                          [Unknown, Unknown],       PATIENT),
    fault("1002",               r#"{"code":1002}"#,                          [Made, Refused],          PATIENT),
    fault("1004",               r#"{"code":1004}"#,                          [KeyRefused, KeyRefused], [KeyLeft, KeyLeft]),
    fault("1008",               r#"{"code":1008}"#,                          [Quota, Quota],           PATIENT),
    fault("1013",               r#"{"code":1013}"#,                          [Unknown, Unknown],       PATIENT),
    fault("1024",               r#"{"code":1024}"#,                          [Unknown, Unknown],       PATIENT),
    fault("1026",               r#"{"code":1026}"#,                          [Refused, Refused],       [Failed, Failed]),
    fault("1027",               r#"{"code":1027}"#,                          [Refused, Refused],       [Failed, Failed]),
    fault("1028",               r#"{"code":1028}"#,                          [Quota, Quota],           PATIENT),
    fault("1030",               r#"{"code":1030}"#,                          [Quota, Quota],           PATIENT),
    fault("1033",               r#"{"code":1033}"#,                          [Unknown, Unknown],       PATIENT),
    fault("1039",               r#"{"code":1039}"#,                          [Made, Refused],          PATIENT),
    fault("1041",               r#"{"code":1041}"#,                          [Made, Refused],          PATIENT),
    fault("1042",               r#"{"code":1042}"#,                          [Refused, Refused],       PATIENT),
    fault("2013",               r#"{"code":2013}"#,                          [Refused, Refused],       PATIENT),
    fault("2045",               r#"{"code":2045}"#,                          [Made, Refused],          PATIENT),
    fault("2049",               r#"{"code":2049}"#,                          [KeyRefused, KeyRefused], [KeyLeft, KeyLeft]),
    fault("2056",               r#"{"code":2056}"#,                          [Quota, Quota],           PATIENT),
    fault("2061",               r#"{"code":2061}"#,                          [Refused, Refused],       PATIENT),
    fault("9999, unheard of",   r#"{"code":9999}"#,                          [Unknown, Unknown],       PATIENT),
    fault("HTTP 302",           r#"{"http":302,"location":"/elsewhere"}"#,   [Address, Address],       PATIENT),
    fault("HTTP 307 to itself", r#"{"http":307,"location":"/v1/video_generation"}"#, [Address, Address], PATIENT),
    fault("HTTP 400",           r#"{"http":400,"body":"bad"}"#,              [Refused, Refused],       PATIENT),
    fault("HTTP 401",           r#"{"http":401,"body":"who?"}"#,             [KeyRefused, KeyRefused], [KeyLeft, KeyLeft]),
    fault("HTTP 402",           r#"{"http":402,"body":"pay"}"#,              [Quota, Quota],           PATIENT),
    fault("HTTP 403",           r#"{"http":403,"body":"no"}"#,               [Refused, Refused],       PATIENT),
    fault("HTTP 404",           r#"{"http":404,"html":true}"#,               [Address, Address],       PATIENT),
    fault("HTTP 405",           r#"{"http":405,"html":true}"#,               [Address, Address],       PATIENT),
    fault("HTTP 408",           r#"{"http":408}"#,                           [Unknown, Unknown],       PATIENT),
    fault("HTTP 413",           r#"{"http":413,"html":true}"#,               [Refused, Refused],       PATIENT),
    fault("HTTP 422",           r#"{"http":422,"body":"{\"error\":\"x\"}"}"#, [Refused, Refused],      PATIENT),
    fault("HTTP 429",           r#"{"http":429}"#,                           [Made, Refused],          PATIENT),
    fault("HTTP 500",           r#"{"http":500,"body":"oops"}"#,             [Unknown, Unknown],       PATIENT),
    fault("HTTP 502, a page",   r#"{"http":502,"html":true}"#,               [Unknown, Unknown],       PATIENT),
    fault("HTTP 503",           r#"{"http":503,"retry_after":0}"#,           [Unknown, Unknown],       PATIENT),
    fault("HTTP 504",           r#"{"http":504}"#,                           [Unknown, Unknown],       PATIENT),
    fault("HTTP 500, 1008",     r#"{"http":500,"body":"{\"base_resp\":{\"status_code\":1008,\"status_msg\":\"x\"}}"}"#, [Quota, Quota], PATIENT),
    fault("HTTP 400, 9999",     r#"{"http":400,"body":"{\"base_resp\":{\"status_code\":9999,\"status_msg\":\"x\"}}"}"#, [Refused, Refused], PATIENT),
    fault("a page",             r#"{"html":true}"#,                          [Unknown, Unknown],       PATIENT),
    fault("an empty body",      r#"{"http":200,"body":""}"#,                 [Unknown, Unknown],       PATIENT),
    fault("JSON cut",           r#"{"http":200,"body":"{\"task_id\":\"10"}"#, [Unknown, Unknown],      PATIENT),
    fault("JSON of nothing",    r#"{"http":200,"body":"{}"}"#,               [Unknown, Unknown],       PATIENT),
    fault("a list",             r#"{"http":200,"body":"[1]"}"#,              [Unknown, Unknown],       PATIENT),
    fault("cut before",         r#"{"cut":"before"}"#,                       [Unknown, Unknown],       PATIENT),
    fault("cut in the body",    r#"{"cut":"body"}"#,                         [End::Lost, End::Lost],   PATIENT),
];

/// Faults of one operation only, or that take long: `on`, what, how often, the end.
#[rustfmt::skip]
const MORE: &[(&str, &str, &str, bool, End)] = &[
    ("create",   "cut after",             r#"{"cut":"after"}"#,                      true,  End::Lost),
    ("create",   "1002 with a task",      r#"{"http":200,"accepted":true,"body":"{\"task_id\":\"7\",\"base_resp\":{\"status_code\":1002,\"status_msg\":\"x\"}}"}"#, true, End::Lost),
    ("create",   "HTTP 429, Retry-After", r#"{"http":429,"retry_after":1}"#,         true,  Made),
    ("create",   "a delay",               r#"{"delay_ms":200}"#,                     false, Made),
    ("create",   "stall",                 r#"{"stall":true}"#,                       true,  Unknown),
    ("create",   "stall after",           r#"{"stall":true,"accepted":true}"#,       true,  End::Lost),
    ("create",   "stall in the body",     r#"{"stall_body":true}"#,                  true,  End::Lost),
    ("create",   "a task that fails: 0",    r#"{"fail":0}"#,                         false, Failed),
    ("create",   "a task that fails: 1026", r#"{"fail":1026}"#,                      false, Failed),
    ("create",   "a task that fails: 1027", r#"{"fail":1027}"#,                      false, Failed),
    ("create",   "a task that fails: 2013", r#"{"fail":2013}"#,                      false, Failed),
    ("create",   "a task that fails: 1000", r#"{"fail":1000}"#,                      false, Failed),
    ("create",   "a task that fails: 1002", r#"{"fail":1002}"#,                      false, Failed),
    ("query",    "unknown status, once",  r#"{"status":"Thinking"}"#,                true,  Made),
    ("query",    "unknown status, ever",  r#"{"status":"Thinking"}"#,                false, Left),
    ("query",    "no status",             r#"{"status":""}"#,                        false, Left),
    ("query",    "lower case",            r#"{"lower_case":true}"#,                  false, Made),
    ("query",    "failed: 0",             r#"{"fail":0}"#,                           false, Failed),
    ("query",    "failed: 1027",          r#"{"fail":1027}"#,                        false, Failed),
    ("query",    "failed: 2013",          r#"{"fail":2013}"#,                        false, Failed),
    ("query",    "success, no file",      r#"{"http":200,"body":"{\"status\":\"Success\",\"file_id\":\"\"}"}"#, false, Left),
    ("query",    "stall, once",           r#"{"stall":true}"#,                       true,  Made),
    ("query",    "stall, ever",           r#"{"stall":true}"#,                       false, Left),
    ("query",    "stall in the body",     r#"{"stall_body":true}"#,                  true,  Made),
    ("retrieve", "expired link, once",    r#"{"expired_link":true}"#,                true,  Made),
    ("retrieve", "expired link, ever",    r#"{"expired_link":true}"#,                false, Made),
    ("retrieve", "stall",                 r#"{"stall":true}"#,                       true,  Made),
    ("retrieve", "no link",               r#"{"http":200,"body":"{\"file\":{\"download_url\":\"\"}}"}"#, false, Made),
    ("retrieve", "a link to nowhere",     r#"{"http":200,"body":"{\"file\":{\"download_url\":\"http://127.0.0.1:1/a.mp4\"}}"}"#, false, Made),
    ("retrieve", "a link that is none",   r#"{"http":200,"body":"{\"file\":{\"download_url\":\"a b\"}}"}"#, false, Made),
    ("content",  "truncated, once",       r#"{"truncated":"honest"}"#,               true,  Made),
    ("content",  "truncated, ever",       r#"{"truncated":"honest"}"#,               false, Left),
    ("content",  "lying, ever",           r#"{"truncated":"lying"}"#,                false, Left),
    ("content",  "empty, ever",           r#"{"empty":true}"#,                       false, Left),
    ("content",  "stall",                 r#"{"stall":true}"#,                       true,  Made),
    ("content",  "stall in the body",     r#"{"stall_body":true}"#,                  true,  Made),
    ("download", "truncated, ever",       r#"{"truncated":"honest"}"#,               false, Made),
    ("download", "lying, ever",           r#"{"truncated":"lying"}"#,                false, Made),
    ("download", "empty, ever",           r#"{"empty":true}"#,                       false, Made),
    ("download", "stall",                 r#"{"stall":true}"#,                       true,  Made),
    ("download", "stall in the body",     r#"{"stall_body":true}"#,                  true,  Made),
];

/// Every combination.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for fault in FAULTS {
        let then: Value = serde_json::from_str(fault.then).expect("the table holds JSON");
        on_create(&mut cases, fault, &then);
        on_query(&mut cases, fault, &then);
        on_the_way_home(&mut cases, fault, &then);
    }
    for (on, name, then, once, end) in MORE {
        let then: Value = serde_json::from_str(then).expect("the table holds JSON");
        let mut rules = vec![rule(on, *once, &then)];
        if *on == "content" {
            rules.push(no_link());
        }
        cases.push(Case {
            name: format!("{on}: {name}"),
            rules: rules.into(),
            end: *end,
        });
    }
    cases
}

fn on_create(cases: &mut Vec<Case>, fault: &Fault, then: &Value) {
    for (often, end) in ["once", "ever"].into_iter().zip(fault.create) {
        cases.push(Case {
            name: format!("create: {}, {often}", fault.name),
            rules: json!([rule("create", often == "once", then)]),
            end,
        });
    }
    if fault.create[0] == Unknown {
        // The same answer, and yet a task came to be.
        let mut then = then.clone();
        then["accepted"] = json!(true);
        cases.push(Case {
            name: format!("create: {}, accepted all the same", fault.name),
            rules: json!([rule("create", true, &then)]),
            end: End::Lost,
        });
    }
}

fn on_query(cases: &mut Vec<Case>, fault: &Fault, then: &Value) {
    for (often, end) in ["once", "ever"].into_iter().zip(fault.query) {
        cases.push(Case {
            name: format!("query: {}, {often}", fault.name),
            rules: json!([rule("query", often == "once", then)]),
            end,
        });
    }
}

/// A finished video has two ways home: a link, and the API's own content call.
fn on_the_way_home(cases: &mut Vec<Case>, fault: &Fault, then: &Value) {
    // Only an answer about the key is about more than this one way.
    let key = fault.query[0] == KeyLeft;
    let mut push = |name: &str, rules: Value, end| {
        cases.push(Case {
            name: format!("{name}: {}", fault.name),
            rules,
            end,
        });
    };
    let ever = |on| rule(on, false, then);
    let by_link = if key { KeyLeft } else { Made };
    push("retrieve, ever", json!([ever("retrieve")]), by_link);
    push(
        "content, once",
        json!([no_link(), rule("content", true, then)]),
        Made,
    );
    push("content, ever", json!([no_link(), ever("content")]), Left);
    if then.get("code").is_none() {
        push("download, ever", json!([ever("download")]), Made);
        push(
            "both ways, ever",
            json!([ever("download"), ever("content")]),
            Left,
        );
    }
}

fn rule(on: &str, once: bool, then: &Value) -> Value {
    let mut rule = json!({ "on": on, "prompt_contains": "boat", "then": then });
    if once {
        rule["times"] = json!(1);
    }
    rule
}

/// The link never works.
fn no_link() -> Value {
    rule(
        "download",
        false,
        &json!({ "http": 403, "body": "expired" }),
    )
}
