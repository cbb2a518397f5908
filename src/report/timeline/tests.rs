//! The three formats of one small film, and what holds for every film.

use proptest::prelude::*;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

use super::*;
use crate::money::Money;

fn request(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

fn take(id: &str, frames: u64, fps: f64, has_sound: bool) -> Take {
    Take {
        sha256: format!("{:0<64}", hex(id)),
        path: format!("/film/out/{id}.mp4").into(),
        file: format!("{id}.mp4"),
        frames,
        rate: Rate::from_fps(fps).expect("a rate"),
        size: (1366, 768),
        codec: "avc1.42C020".to_owned(),
        has_sound,
        made: Some(Made {
            attempt: format!("{id}-1"),
            task: Some("137485398272489".to_owned()),
            fingerprint: "f".repeat(64),
            at: "2026-11-20T10:00:00Z".to_owned(),
            price: Some(Money::from_micros(280_000, "USD")),
            request: request(&json!({
                "model": "MiniMax-Hailuo-2.3",
                "first_frame_image": "https://host.example/a.png?Signature=s3cret",
            })),
        }),
    }
}

fn hex(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn scene(id: &str, seconds: u32, shown: Option<Take>) -> Scene {
    let is_there = shown.is_some();
    Scene {
        id: id.to_owned(),
        mode: "T2V".to_owned(),
        model: "MiniMax-Hailuo-2.3".to_owned(),
        resolution: "768P".to_owned(),
        prompt: format!("The {id} <of> \"it\" & all.\u{1b} [Push in]"),
        camera: vec!["Push in".to_owned()],
        seconds,
        request: request(&json!({ "model": "MiniMax-Hailuo-2.3", "duration": seconds })),
        fingerprint: Some("f".repeat(64)),
        state: if is_there { "saved" } else { "failed" }.to_owned(),
        reason: if is_there {
            ""
        } else {
            "the service failed it: 1027"
        }
        .to_owned(),
        shown,
        others: Vec::new(),
    }
}

/// A clip with two other takes, a gap, a Chinese name at another rate with sound.
fn small() -> Film {
    let mut opening = scene("opening", 6, Some(take("opening", 144, 24.0, false)));
    opening.others = vec![
        take("takes/opening.2", 240, 24.0, false),
        take("opening", 144, 24.0, false),
    ];
    Film {
        name: "courier".to_owned(),
        manifest: "courier.yaml".to_owned(),
        backend: "simulator".to_owned(),
        scenes: vec![
            opening,
            scene("stairs", 10, None),
            scene("镜头 一", 6, Some(take("镜头 一", 180, 29.97, true))),
        ],
    }
}

#[test]
fn a_small_film_as_otio() {
    let text = otio(
        &small(),
        &Paths::From("/film/edit".into()),
        Counting::NonDrop,
    );
    assert!(!text.contains("s3cret"));
    insta::assert_snapshot!(text);
}

#[test]
fn a_small_film_as_edl() {
    let (text, warnings) = edl(&small(), Counting::NonDrop).expect("it fits");
    assert_eq!(warnings.len(), 1);
    insta::assert_snapshot!(text);
}

#[test]
fn a_small_film_as_fcp7() {
    let text = fcp7(&small(), Counting::NonDrop);
    check_xmeml(&text);
    insta::assert_snapshot!(text);
}

#[test]
fn a_film_without_any_video_is_all_gaps() {
    let mut film = small();
    for scene in &mut film.scenes {
        scene.shown = None;
        scene.others.clear();
    }
    assert_eq!((film.rate(), film.frames()), (Rate::FILM, 22 * 24));
    let (list, _) = edl(&film, Counting::NonDrop).expect("it fits");
    assert_eq!(list.matches("  BL ").count(), 3);
    check_xmeml(&fcp7(&film, Counting::NonDrop));
    let tree: Value =
        serde_json::from_str(&otio(&film, &Paths::Absolute, Counting::NonDrop)).expect("JSON");
    assert_eq!(
        tree.pointer("/tracks/children/0/children/1/OTIO_SCHEMA"),
        Some(&json!("Gap.1"))
    );
    assert_eq!(tree.pointer("/tracks/children/1"), None);
}

#[test]
fn an_edl_ends_at_999_events_and_drops_only_where_it_can() {
    let mut film = small();
    film.scenes = (0..1000)
        .map(|n| scene(&format!("s{n}"), 6, None))
        .collect();
    assert_eq!(
        edl(&film, Counting::NonDrop),
        Err(EdlError::TooLong { events: 1000 })
    );
    film.scenes.truncate(999);
    let (list, _) = edl(&film, Counting::NonDrop).expect("it fits");
    assert!(list.contains("\n999  BL"));
    assert_eq!(
        edl(&film, Counting::Drop),
        Err(EdlError::NoDrop {
            fps: "24".to_owned()
        })
    );
    let film = Film {
        scenes: vec![scene("a", 6, Some(take("a", 1800, 29.97, false)))],
        ..film
    };
    let (list, _) = edl(&film, Counting::Drop).expect("it can drop");
    assert!(list.contains("FCM: DROP FRAME"), "{list}");
    assert!(list.contains("01:00:00;00 01:01:00;02"), "{list}");
}

/// The main rules of the format's document type: what may be in what; `!` has to be.
const CONTENT: &[(&str, &str)] = &[
    ("xmeml", "sequence!"),
    ("sequence", "name! duration! rate! media! timecode! marker"),
    ("rate", "timebase! ntsc!"),
    ("timecode", "rate! string! frame! displayformat!"),
    ("media", "video audio"),
    ("video", "format track duration samplecharacteristics"),
    ("audio", "track channelcount"),
    ("format", "samplecharacteristics!"),
    (
        "samplecharacteristics",
        "rate width height anamorphic pixelaspectratio fielddominance",
    ),
    ("track", "clipitem enabled! locked!"),
    (
        "clipitem",
        "name! duration! rate! enabled! start! end! in! out! masterclipid! file! sourcetrack link comments",
    ),
    ("file", "name pathurl rate duration timecode media"),
    ("link", "linkclipref! mediatype! trackindex! clipindex!"),
    ("sourcetrack", "mediatype! trackindex!"),
    (
        "comments",
        "mastercomment1 mastercomment2 mastercomment3 mastercomment4",
    ),
    ("marker", "comment! name! in! out!"),
];

/// Holds an element against the rules; those of unknown name hold text.
fn check_element(name: &str, children: &[String]) {
    let Some((_, rule)) = CONTENT.iter().find(|(parent, _)| *parent == name) else {
        return;
    };
    let allowed: Vec<&str> = rule.split(' ').collect();
    for child in children {
        let is_allowed = |rule: &&str| rule.trim_end_matches('!') == child;
        assert!(allowed.iter().any(is_allowed), "{child} in {name}");
    }
    for needed in allowed.iter().filter_map(|rule| rule.strip_suffix('!')) {
        assert!(
            children.iter().any(|child| child == needed),
            "{name} has no {needed}"
        );
    }
}

/// That a text is well-formed, follows the rules, and that its references lead somewhere.
fn check_xmeml(text: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut open: Vec<(String, Vec<String>)> = Vec::new();
    let (mut ids, mut references) = (Vec::new(), Vec::new());
    loop {
        let event = reader.read_event().expect("it is well-formed");
        if let Event::Start(start) | Event::Empty(start) = &event {
            let name = start.name().as_ref().to_owned();
            if let Some((_, children)) = open.last_mut() {
                children.push(name.clone());
            }
            let id = start
                .attributes()
                .flatten()
                .find(|each| each.key.as_ref() == "id");
            match (&event, id.map(|id| id.value.to_string())) {
                (Event::Start(_), id) => {
                    open.push((name, Vec::new()));
                    ids.extend(id);
                }
                (_, id) => references.extend(id),
            }
        }
        match event {
            Event::End(_) => {
                let (name, children) = open.pop().expect("it was opened");
                check_element(&name, &children);
            }
            Event::Text(words) if open.last().is_some_and(|(name, _)| name == "linkclipref") => {
                references.push(words.to_string());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty());
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "two elements have one id");
    for reference in references {
        assert!(ids.contains(&reference), "{reference} leads nowhere");
    }
}

/// `HH:MM:SS:FF` back to frames, at a whole rate.
fn frames_of(code: &str, base: u64) -> u64 {
    let parts: Vec<u64> = code
        .split([':', ';'])
        .map(|part| part.parse().expect("digits"))
        .collect();
    ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * base + parts[3]
}

fn any_film() -> impl Strategy<Value = Film> {
    let rates = prop::sample::select(vec![12.5, 23.976, 24.0, 25.0, 29.97, 30.0, 59.94]);
    let shown = prop::option::of((1_u64..2000, rates, any::<bool>()));
    let scenes = prop::collection::vec((1_u32..12, shown), 1..40);
    scenes.prop_map(|scenes| Film {
        scenes: (0..)
            .zip(scenes)
            .map(|(n, (seconds, shown))| {
                let id = format!("shot{n}");
                let shown = shown.map(|(frames, fps, sound)| take(&id, frames, fps, sound));
                scene(&id, seconds, shown)
            })
            .collect(),
        ..small()
    })
}

proptest! {
    #[test]
    fn clips_and_gaps_add_up_in_every_format(film in any_film()) {
        let rate = film.rate();
        let tree: Value = serde_json::from_str(&otio(&film, &Paths::Absolute, Counting::NonDrop)).expect("JSON");
        let tracks = tree.pointer("/tracks/children").and_then(Value::as_array).expect("tracks");
        for track in tracks {
            let children = track["children"].as_array().expect("children");
            prop_assert_eq!(children.len(), film.scenes.len());
            let sum: f64 = children.iter()
                .map(|child| child.pointer("/source_range/duration/value").and_then(Value::as_f64).expect("a number"))
                .sum();
            prop_assert_eq!(sum as u64, film.frames());
        }
        let (list, _) = edl(&film, Counting::NonDrop).expect("it fits");
        let base = u64::from(rate.nominal());
        let mut at = 3600 * base;
        for event in list.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())) {
            let codes: Vec<u64> = event.split_whitespace().rev().take(4).map(|code| frames_of(code, base)).collect();
            let [end, begin, out, first] = codes[..] else { panic!("four codes") };
            prop_assert_eq!((begin, first), (at, 0));
            prop_assert!(end > begin && end - begin == out);
            at = end;
        }
        prop_assert_eq!(at - 3600 * base, film.frames());
        check_xmeml(&fcp7(&film, Counting::NonDrop));
    }
}
