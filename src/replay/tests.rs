//! The matching, held by properties: whatever the order in which shots ask, each gets the
//! answers that it was given when they were recorded.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::deck::{Deck, Given};
use crate::id::ShotId;
use crate::provider::exchange::Call;
use crate::recording::{Asked, Recording};

fn request(prompt: u8) -> Map<String, Value> {
    let request = json!({ "model": "m", "prompt": format!("prompt {prompt}") });
    request.as_object().cloned().expect("an object")
}

fn asked(prompt: u8) -> Asked {
    Asked::of_shown(&request(prompt)).expect("it is whole")
}

fn entry(call: &str, shot: Option<&str>, prompt: u8, answer: &Value) -> Value {
    let mut request = json!({
        "method": "GET", "url": "https://simulator.invalid/v1", "httpVersion": "unknown",
        "cookies": [], "headers": [], "queryString": [], "headersSize": -1, "bodySize": 0,
    });
    if call == "create" {
        let text = Value::Object(self::request(prompt)).to_string();
        request["postData"] = json!({ "mimeType": "application/json", "params": [], "text": text });
    } else {
        request["queryString"] = json!([{ "name": "task_id", "value": prompt.to_string() }]);
    }
    let text = answer.to_string();
    let mut entry = json!({
        "startedDateTime": "2026-01-01T00:00:00Z", "time": 0.0, "request": request,
        "response": {
            "status": 200, "statusText": "OK", "httpVersion": "unknown", "cookies": [],
            "headers": [], "redirectURL": "", "headersSize": -1, "bodySize": 0,
            "content": { "size": text.len(), "mimeType": "application/json", "text": text },
        },
        "cache": {}, "timings": { "send": 0.0, "wait": 0.0, "receive": 0.0 }, "_call": call,
    });
    if let Some(shot) = shot {
        entry["_shot"] = json!(shot);
    }
    entry
}

/// A recording of these exchanges, as it is read from disk.
fn deck(entries: &[Value]) -> Deck {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let meta = json!({
        "format": 1, "backend": "simulator", "base_url": "https://simulator.invalid",
        "runner_version": "0.1.0", "spec_version": "1", "spec_sha256": "",
    });
    let har = json!({ "log": {
        "version": "1.2", "creator": { "name": "a", "version": "1" },
        "_recording": meta, "entries": entries,
    }});
    std::fs::write(folder.path().join("recording.har"), har.to_string()).expect("it is ours");
    Deck::new(Recording::open(folder.path()).expect("it is a recording"))
}

/// The number that an answer carries; `None` for what is none.
fn number(given: Given<'_>) -> Option<u64> {
    match given {
        Given::Entry(entry) => entry.json()?["n"].as_u64(),
        _ => None,
    }
}

fn shot(number: u8) -> String {
    format!("shot-{number}")
}

/// Creates in the order in which they were recorded: shot, prompt.
fn creates() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop::collection::vec((0_u8..6, 0_u8..3), 1..40)
}

proptest! {
    #[test]
    fn every_shot_gets_its_own_answers_in_any_order(
        recorded in creates(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 40),
    ) {
        let mut entries = Vec::new();
        let mut wanted: BTreeMap<(u8, u8), Vec<u64>> = BTreeMap::new();
        for (n, (of, prompt)) in recorded.iter().enumerate() {
            let answer = json!({ "n": n });
            entries.push(entry("create", Some(&shot(*of)), *prompt, &answer));
            wanted.entry((*of, *prompt)).or_default().push(n as u64);
        }
        let deck = deck(&entries);
        // A request belongs to one shot at a time, and there may be many of either.
        let shots: Vec<(ShotId, Asked)> = wanted
            .keys()
            .map(|(of, prompt)| (ShotId::new(shot(*of)).expect("an id"), asked(*prompt)))
            .collect();
        prop_assert_eq!(deck.deal(&shots), Vec::<usize>::new());
        // Every shot asks in its own order, and they take turns as they like.
        let mut left: Vec<((u8, u8), usize)> = wanted.keys().map(|key| (*key, 0)).collect();
        for index in order.iter().cycle() {
            if left.is_empty() {
                break;
            }
            let at = index.index(left.len());
            let ((of, prompt), turn) = left[at];
            let given = number(deck.create(&shot(of), asked(prompt), &[]));
            prop_assert_eq!(given, Some(wanted[&(of, prompt)][turn]));
            left[at].1 += 1;
            if left[at].1 == wanted[&(of, prompt)].len() {
                left.remove(at);
            }
        }
        prop_assert!(deck.misses().is_empty());
        // Once more than recorded is not recorded.
        let (of, prompt) = *wanted.keys().next().expect("there is one");
        prop_assert!(matches!(deck.create(&shot(of), asked(prompt), &[]), Given::Miss));
        prop_assert_eq!(deck.misses().len(), 1);
    }

    /// Names are a help and no condition: shots that were renamed have the answers of
    /// those that are no more, and none is given to two.
    #[test]
    fn renamed_shots_share_what_is_there(count in 1_u8..6, more in 0_u8..3, renamed in 0_u8..6) {
        let entries: Vec<Value> = (0..count)
            .map(|n| entry("create", Some(&shot(n)), 0, &json!({ "n": n })))
            .collect();
        let deck = deck(&entries);
        let name = |n: u8| if n < renamed { format!("new-{n}") } else { shot(n) };
        let shots: Vec<(ShotId, Asked)> = (0..count + more)
            .map(|n| (ShotId::new(name(n)).expect("an id"), asked(0)))
            .collect();
        prop_assert_eq!(deck.deal(&shots).len(), usize::from(more));
        let mut given: Vec<u64> = (0..count + more)
            .filter_map(|n| number(deck.create(&name(n), asked(0), &[])))
            .collect();
        given.sort_unstable();
        prop_assert_eq!(given, (0..u64::from(count)).collect::<Vec<_>>());
        for n in renamed..count {
            // Its own, if it kept its name.
            let again = deck.nearest(&shot(n), &request(0)).expect("there is one");
            prop_assert_eq!(again.asked, &request(0));
        }
    }
}

#[test]
fn polls_follow_their_task_and_its_end_stays() {
    let state = |n: u8, status: &str| json!({ "n": n, "status": status });
    let deck = deck(&[
        entry("query", None, 7, &state(0, "Queueing")),
        entry("query", None, 8, &state(1, "Processing")),
        entry("query", None, 7, &state(2, "Success")),
    ]);
    let ask = |task: &str| number(deck.call(Call::Query, task, ""));
    assert_eq!([ask("7"), ask("7"), ask("7")], [Some(0), Some(2), Some(2)]);
    assert_eq!(ask("8"), Some(1));
    assert!(matches!(deck.call(Call::Query, "8", ""), Given::End));
    assert!(matches!(deck.call(Call::Query, "9", ""), Given::End));
    assert!(matches!(deck.call(Call::Link, "9/1", ""), Given::End));
}

#[test]
fn the_nearest_request_is_that_of_the_shot_or_the_most_alike() {
    let deck = deck(&[
        entry("create", Some("one"), 1, &json!({})),
        entry("create", Some("two"), 2, &json!({})),
    ]);
    let nearest = |shot: &str, prompt: u8| {
        let request = request(prompt);
        deck.nearest(shot, &request)
            .map(|nearest| nearest.shot.to_owned())
    };
    assert_eq!(nearest("one", 9), Some("one".to_owned()));
    assert_eq!(nearest("new", 2), Some("two".to_owned()));
    assert_eq!(
        self::deck(&[]).nearest("new", &request(2)).map(|_| ()),
        None
    );
}

#[test]
fn a_frame_is_the_same_whoever_encoded_it() {
    use base64::Engine as _;
    use image::ImageEncoder as _;

    let pixels: Vec<u8> = (0..12).collect();
    let png = |kind| {
        let mut bytes = Vec::new();
        let encoder = image::codecs::png::PngEncoder::new_with_quality(
            &mut bytes,
            kind,
            image::codecs::png::FilterType::NoFilter,
        );
        encoder
            .write_image(&pixels, 2, 2, image::ExtendedColorType::Rgb8)
            .expect("it can be encoded");
        bytes
    };
    let [plain, small] = [
        png(image::codecs::png::CompressionType::Uncompressed),
        png(image::codecs::png::CompressionType::Best),
    ];
    assert_ne!(plain, small);
    let digest = crate::media::frames::digest_of_picture(&plain).expect("a picture");
    let mut recorded = entry("create", Some("one"), 1, &json!({ "n": 1 }));
    let shown = json!({ "model": "m", "first_frame_image": { "pixels_sha256": digest } });
    recorded["request"]["postData"]["text"] = json!(shown.to_string());
    let deck = deck(&[recorded]);
    let url = base64::prelude::BASE64_STANDARD.encode(&small);
    let body = json!({ "model": "m", "first_frame_image": format!("data:image/png;base64,{url}") });
    let (asked, media) = Asked::of_body(body.to_string().as_bytes()).expect("it is JSON");
    assert_eq!(number(deck.create("one", asked, &media)), Some(1));
}
