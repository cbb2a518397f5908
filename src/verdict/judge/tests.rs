//! Judging without a file: what each expectation makes of numbers.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Evidence, judge};
use crate::diag::{SourceId, Span as Place};
use crate::event::{Check, Judgement, Video};
use crate::manifest::expect::{Band, Expectation, Key, Wanted};
use crate::media::measure::{self, Likeness, Picture, Sound, Span, Unheard};

fn video() -> Video {
    Video {
        path: "a.mp4".into(),
        bytes: 1,
        sha256: "ab".repeat(32),
        width: 1366,
        height: 768,
        duration_ms: 5_875,
        fps: 24.0,
        codec: "avc1.42C01F".into(),
    }
}

fn expect(key: Key, wanted: Wanted) -> Expectation {
    Expectation {
        key,
        wanted,
        span: Place::new(SourceId(0), 0, 0),
        inherited: false,
    }
}

fn picture() -> Picture {
    let (from_ms, to_ms) = (1_000, 2_500);
    Picture {
        black: vec![
            Span { from_ms, to_ms },
            Span {
                from_ms: 5_000,
                to_ms: 5_200,
            },
        ],
        frozen: Vec::new(),
        cuts: vec![1_200, 3_000],
        glances: Vec::new(),
    }
}

fn blank() -> Picture {
    serde_json::from_value(blank_json()).expect("it is a picture")
}

fn blank_json() -> serde_json::Value {
    serde_json::json!({ "black": [], "frozen": [], "cuts": [], "glances": [] })
}

fn sound(loudness_lufs: Option<f64>, unheard: Option<Unheard>) -> Sound {
    Sound {
        codec: "mp4a.40.2".into(),
        channels: 2,
        sample_rate: 48_000,
        loudness_lufs,
        peak_dbfs: None,
        unheard,
        decoder: None,
    }
}

/// One line for each check.
fn told(expectations: &[Expectation], evidence: &Evidence<'_>) -> String {
    let line = |check: &Check| format!("{}: {check}", check.result.as_str());
    let lines: Vec<String> = judge(expectations, evidence).iter().map(line).collect();
    lines.join("\n")
}

fn evidence<'a>(video: &'a Video, picture: &'a Picture, sound: Option<&'a Sound>) -> Evidence<'a> {
    Evidence {
        video,
        sound: Ok(sound),
        picture: Ok(picture),
        likeness: BTreeMap::new(),
    }
}

#[test]
fn each_check_says_what_it_found_and_what_was_expected() {
    let (video, picture, sound) = (video(), picture(), sound(Some(-31.2), None));
    let mut evidence = evidence(&video, &picture, Some(&sound));
    let like = Likeness {
        colour: 450,
        hues: 990,
        layout: 80,
        camera: Some(300),
    };
    evidence.likeness.insert(Key::LikeAccepted, Ok(like));
    evidence
        .likeness
        .insert(Key::LikeTakes, Err("there is no other take".into()));
    let all = [
        expect(
            Key::Size,
            Wanted::Size {
                width: 1366,
                height: 768,
            },
        ),
        expect(
            Key::Size,
            Wanted::Size {
                width: 1920,
                height: 1080,
            },
        ),
        expect(
            Key::Duration,
            Wanted::Length {
                min: 5_750,
                max: 6_250,
            },
        ),
        expect(
            Key::Duration,
            Wanted::Length {
                min: 9_750,
                max: 10_250,
            },
        ),
        expect(
            Key::Fps,
            Wanted::Between {
                min: 23.99,
                max: 24.01,
            },
        ),
        expect(
            Key::Fps,
            Wanted::Between {
                min: 25.0,
                max: 30.0,
            },
        ),
        expect(Key::Codec, Wanted::Codecs(vec!["H.264".into()])),
        expect(Key::Codec, Wanted::Codecs(vec!["avc1.42".into()])),
        expect(
            Key::Codec,
            Wanted::Codecs(vec!["h265".into(), "av1".into()]),
        ),
        expect(Key::Audio, Wanted::Present(true)),
        expect(Key::Audio, Wanted::Present(false)),
        expect(Key::Black, Wanted::AtMostMs(0)),
        expect(Key::Black, Wanted::AtMostMs(1_500)),
        expect(Key::Frozen, Wanted::AtMostMs(0)),
        expect(Key::Cuts, Wanted::AtMost(1)),
        expect(Key::Cuts, Wanted::AtMost(2)),
        expect(
            Key::Loudness,
            Wanted::Between {
                min: -24.0,
                max: -14.0,
            },
        ),
        expect(
            Key::LikeAccepted,
            Wanted::Within(Band::Named("alike".into())),
        ),
        expect(
            Key::LikeAccepted,
            Wanted::Within(Band::Own(vec![("colour".into(), 0.45)])),
        ),
        expect(Key::LikeTakes, Wanted::Within(Band::Named("loose".into()))),
        expect(Key::Passes, Wanted::Passes { wanted: 2, of: 3 }),
    ];
    insta::assert_snapshot!(told(&all, &evidence));
}

#[test]
fn what_is_not_known_is_neither_good_nor_bad() {
    let (video, picture) = (video(), picture());
    let loud = [expect(
        Key::Loudness,
        Wanted::Between {
            min: -24.0,
            max: -14.0,
        },
    )];
    let result = |sound: Option<&Sound>| judge(&loud, &evidence(&video, &picture, sound))[0].result;
    assert_eq!(result(None), Judgement::Passed, "where there is sound");
    let of = |unheard| sound(None, Some(unheard));
    assert_eq!(result(Some(&of(Unheard::Silence))), Judgement::Failed);
    assert_eq!(result(Some(&of(Unheard::TooShort))), Judgement::Unknown);
    let undecoded = Unheard::Undecoded("no decoder for opus".into());
    assert_eq!(result(Some(&of(undecoded))), Judgement::Unknown);
    let blind = Evidence {
        picture: Err("av1 cannot be decoded"),
        ..evidence(&video, &picture, None)
    };
    let black = [expect(Key::Black, Wanted::AtMostMs(0))];
    let check = &judge(&black, &blind)[0];
    assert_eq!(check.result, Judgement::Unknown);
    assert_eq!(
        check.to_string(),
        "black cannot be checked: av1 cannot be decoded"
    );
}

/// The schema offers the bands by name, and cannot ask the module that has them.
#[test]
fn every_band_that_can_be_written_is_known() {
    let schema = crate::manifest::manifest_schema(crate::spec::Spec::bundled());
    let offered = schema["$defs"]["band"]["anyOf"][0]["enum"].clone();
    let known: Vec<&str> = measure::Band::ALL.iter().map(|band| band.name()).collect();
    assert_eq!(offered, serde_json::json!(known));
}

proptest! {
    /// The same numbers give the same words, whatever was judged before; and what is
    /// allowed more never fails what was allowed less.
    #[test]
    fn a_verdict_hangs_on_nothing_but_numbers(
        length in 0_u64..20_000, cuts in proptest::collection::vec(0_u64..6_000, 0..8),
        black in 0_u64..6_000, allowed in 0_u64..6_000, more in 0_u64..6_000,
    ) {
        let video = Video { duration_ms: length, ..video() };
        let picture = Picture {
            black: vec![Span { from_ms: 0, to_ms: black }],
            cuts: cuts.clone(),
            ..blank()
        };
        let evidence = evidence(&video, &picture, None);
        let list = |most: u64| [
            expect(Key::Duration, Wanted::Length { min: 10_000_u64.saturating_sub(most), max: 10_000 + most }),
            expect(Key::Black, Wanted::AtMostMs(most)),
            expect(Key::Cuts, Wanted::AtMost(most / 1_000)),
        ];
        let narrow = judge(&list(allowed), &evidence);
        prop_assert_eq!(&narrow, &judge(&list(allowed), &evidence));
        let wide = judge(&list(allowed + more), &evidence);
        for (narrow, wide) in narrow.iter().zip(&wide) {
            prop_assert!(wide.result <= narrow.result);
        }
        let reversed: Vec<Expectation> = list(allowed).into_iter().rev().collect();
        let mut back = judge(&reversed, &evidence);
        back.reverse();
        prop_assert_eq!(narrow, back);
    }
}
