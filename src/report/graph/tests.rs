//! The three notations, and that no two shots share a place.

use super::{Drawing, svg};
use crate::event::{Decision, FrameUse, ShotFacts};
use crate::id::ShotId;
use crate::report::script;

fn shot(id: &str, decision: Decision, from: &[(&str, &str, &'static str)]) -> ShotFacts {
    let frames = from.iter().map(|(shot, at, field)| FrameUse {
        field: (*field).into(),
        shot: ShotId::new(*shot).expect("a good id"),
        at: (*at).to_owned(),
        video_sha256: None,
        pixels_sha256: None,
        decoder: None,
    });
    ShotFacts {
        frames: frames.collect(),
        ..script::facts(id, decision)
    }
}

fn film() -> Vec<ShotFacts> {
    vec![
        shot(
            "after",
            Decision::Wait,
            &[("opening", "last", "first_frame")],
        ),
        shot("opening", Decision::Create, &[]),
        shot("雨夜里的信使骑车穿过山城的巷子", Decision::Reuse, &[]),
        shot(
            "end",
            Decision::Wait,
            &[
                ("after", "2500ms", "first_frame"),
                ("opening", "first", "last_frame"),
            ],
        ),
        shot("alone", Decision::Failed, &[]),
    ]
}

#[test]
fn three_notations_of_one_film() {
    let film = film();
    let drawing = Drawing::new(&film);
    insta::assert_snapshot!("mermaid", drawing.mermaid());
    insta::assert_snapshot!("dot", drawing.dot());
    insta::assert_snapshot!("svg", svg::svg(&drawing));
}

#[test]
fn no_two_shots_stand_in_one_place() {
    let mut film = film();
    for number in 0..6 {
        let id = format!("fan{number}");
        film.push(shot(
            &id,
            Decision::Wait,
            &[("opening", "last", "first_frame")],
        ));
    }
    let drawing = Drawing::new(&film);
    let text = svg::svg(&drawing);
    let mut corners: Vec<&str> = text
        .split("<rect ")
        .skip(1)
        .filter_map(|part| part.split(" width").next())
        .collect();
    assert_eq!(corners.len(), film.len());
    corners.sort_unstable();
    corners.dedup();
    assert_eq!(
        corners.len(),
        film.len(),
        "every box has a corner of its own"
    );
}
