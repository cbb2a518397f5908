//! Edits as programs and strangers write them.

use serde_json::{Value, json};

use super::*;

fn time(value: f64, rate: f64) -> Value {
    json!({ "OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": rate })
}

fn range(start: f64, length: f64, rate: f64) -> Value {
    json!({ "OTIO_SCHEMA": "TimeRange.1", "start_time": time(start, rate), "duration": time(length, rate) })
}

fn clip(name: &str, from: f64, length: f64, rate: f64) -> Value {
    json!({
        "OTIO_SCHEMA": "Clip.2", "name": name, "source_range": range(from, length, rate),
        "metadata": { "other": { "runner": [1, 2] } }, "effects": null, "markers": [],
        "media_references": { "DEFAULT_MEDIA": {
            "OTIO_SCHEMA": "ExternalReference.1", "target_url": format!("{name}%20one.mp4"),
            "available_range": range(0.0, 10.0 * rate, rate),
        } },
    })
}

fn composition(schema: &str, children: &[Value]) -> Value {
    json!({ "OTIO_SCHEMA": schema, "kind": "Video", "children": children })
}

fn timeline(tracks: &[Value]) -> Vec<u8> {
    json!({
        "OTIO_SCHEMA": "Timeline.1", "name": "cut",
        "tracks": { "OTIO_SCHEMA": "Stack.1", "children": tracks },
    })
    .to_string()
    .into_bytes()
}

/// Name, when it is seen, from where and how much of it, in tenths of a second.
fn uses(text: &[u8]) -> Vec<(String, i64, i64, i64)> {
    let tenths = |seconds: f64| (seconds * 10.0).round() as i64;
    let edit = read_edit(text).expect("it can be read");
    let uses = edit.uses.into_iter();
    uses.map(|each| {
        (
            each.source.name,
            tenths(each.at),
            tenths(each.from),
            tenths(each.length),
        )
    })
    .collect()
}

fn used(name: &str, at: i64, from: i64, length: i64) -> (String, i64, i64, i64) {
    (name.to_owned(), at, from, length)
}

#[test]
fn trims_orders_rates_and_gaps_are_understood() {
    let gap =
        json!({ "OTIO_SCHEMA": "Gap.1", "name": "lost", "source_range": range(0.0, 48.0, 24.0) });
    let off = json!({ "OTIO_SCHEMA": "Clip.2", "name": "off", "enabled": false, "source_range": range(0.0, 24.0, 24.0) });
    let sound = json!({ "OTIO_SCHEMA": "Track.1", "kind": "Audio", "children": [clip("a", 0.0, 24.0, 24.0)] });
    let track = composition(
        "Track.1",
        &[
            clip("b", 30.0, 60.0, 30.0),
            gap,
            off,
            clip("a", 0.0, 48.0, 24.0),
        ],
    );
    let text = timeline(&[track, sound]);
    assert_eq!(
        uses(&text),
        [
            used("b", 0, 10, 20),
            used("lost", 20, 0, 20),
            used("a", 50, 0, 20)
        ]
    );
    let edit = read_edit(&text).expect("it can be read");
    assert_eq!(edit.uses[0].source.path.as_deref(), Some("b one.mp4"));
    assert!(edit.uses[1].source.is_gap);
}

#[test]
fn nested_stacks_show_only_their_window() {
    // Two clips of two seconds, of which the second to the third second is seen, late.
    let mut inner = composition(
        "Track.1",
        &[clip("a", 0.0, 48.0, 24.0), clip("b", 0.0, 48.0, 24.0)],
    );
    inner["source_range"] = range(24.0, 48.0, 24.0);
    let mut stack = composition("Stack.1", &[inner]);
    stack["source_range"] = range(12.0, 24.0, 24.0);
    let track = composition(
        "Track.1",
        &[
            clip("c", 0.0, 24.0, 24.0),
            stack,
            clip("d", 0.0, 24.0, 24.0),
        ],
    );
    assert_eq!(
        uses(&timeline(&[track])),
        [
            used("c", 0, 0, 10),
            used("a", 10, 15, 5),
            used("b", 15, 0, 5),
            used("d", 20, 0, 10)
        ]
    );
}

#[test]
fn transitions_and_speed_use_more_of_a_video() {
    let dissolve = json!({
        "OTIO_SCHEMA": "Transition.1", "in_offset": time(6.0, 24.0), "out_offset": time(12.0, 24.0),
    });
    let mut fast = clip("fast", 48.0, 24.0, 24.0);
    fast["effects"] = json!([{ "OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": 2.0 }]);
    let track = composition(
        "Track.1",
        &[
            clip("a", 0.0, 48.0, 24.0),
            dissolve,
            clip("b", 24.0, 24.0, 24.0),
            fast,
        ],
    );
    let found = read_edit(&timeline(&[track])).expect("it can be read").uses;
    let lengths: Vec<(f64, f64)> = found.iter().map(|each| (each.from, each.length)).collect();
    assert_eq!(lengths, [(0.0, 2.5), (0.75, 1.25), (2.0, 2.0)]);
}

#[test]
fn hostile_files_are_refused_quickly() {
    let refused = |text: &[u8]| read_edit(text).expect_err("it is refused").to_string();
    let deep = format!(
        "{}{}",
        "{\"OTIO_SCHEMA\":\"Stack.1\",\"children\":[".repeat(100_000),
        "]}".repeat(100_000)
    );
    assert_eq!(refused(deep.as_bytes()), "it is no OpenTimelineIO file");
    let many = format!("[{}{{}}]", "{},".repeat(700_000));
    assert!(refused(many.as_bytes()).contains("objects"));
    assert!(refused(&vec![b' '; shape::MAX_BYTES + 1]).contains("MB"));
    assert!(
        refused(b"{\"OTIO_SCHEMA\":\"SerializableCollection.1\"}")
            .contains("SerializableCollection")
    );
    assert!(refused(b"").contains("no OpenTimelineIO"));
    for (value, rate) in [("NaN", "24"), ("1e999", "24"), ("Infinity", "24")] {
        let text = format!(
            "{{\"OTIO_SCHEMA\":\"Timeline.1\",\"tracks\":{{\"source_range\":{{\"start_time\":{{\"value\":{value},\"rate\":{rate}}},\"duration\":{{\"value\":1,\"rate\":1}}}}}}}}"
        );
        assert!(
            refused(text.as_bytes()).contains("no OpenTimelineIO"),
            "{value}"
        );
    }
    for (length, rate) in [
        (1e300, 24.0),
        (-1.0, 24.0),
        (1.0, 0.0),
        (1.0, -24.0),
        (1.0, 1e-300),
    ] {
        let text = timeline(&[composition("Track.1", &[clip("a", 0.0, length, rate)])]);
        assert!(
            refused(&text).contains("time that no film has"),
            "{length} {rate}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn damaged_files_never_end_the_program(at in 0_usize..2000, byte in 0_u8..128) {
        let track = composition("Track.1", &[clip("a", 0.0, 48.0, 24.0), clip("b", 0.0, 48.0, 24.0)]);
        let mut text = timeline(&[track]);
        let at = at % text.len();
        text[at] = byte;
        let _ = read_edit(&text);
    }
}
