//! A recorder that cannot write, and two at once.

use std::fs;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::{Meta, Recorder, Recording, RecordingError};
use crate::provider::exchange::{Answer, Call, Came, Content, Recorder as _, Whole};
use crate::spec::Spec;

fn meta() -> Meta {
    Meta::new(
        "simulator",
        "https://simulator.invalid",
        Spec::bundled(),
        "1",
    )
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn open(folder: &std::path::Path) -> Result<Recorder, RecordingError> {
    Recorder::open(folder, meta(), now)
}

fn whole(call: Call, place: &str, body: Content) -> Whole {
    Whole {
        call,
        order: None,
        method: "GET".to_owned(),
        place: place.to_owned(),
        headers: Vec::new(),
        body: None,
        came: Came::Answer(Answer {
            status: 200,
            headers: vec![("content-type".to_owned(), "video/mp4".to_owned())],
            body,
            broken: None,
        }),
        took: Duration::from_millis(7),
    }
}

/// A disk that fails in the middle of a run: the exchange goes on, and the end says it.
#[test]
fn what_cannot_be_kept_is_told_at_the_end_and_harms_nobody() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recorder = open(folder.path()).expect("it is ours");
    fs::remove_dir(folder.path().join("bodies")).expect("it is ours");
    let mut file = recorder.receive();
    file.take(b"video");
    let kept = file.end();
    assert_eq!(kept, None);
    recorder.keep(whole(
        Call::Content,
        "/v1/files/retrieve_content?file_id=7",
        Content::File(kept),
    ));
    let body =
        Bytes::from_static(br#"{"model":"m","first_frame_image":"data:image/png;base64,AAAA"}"#);
    recorder.keep(Whole {
        method: "POST".to_owned(),
        body: Some(body),
        ..whole(
            Call::Create,
            "/v1/video_generation",
            Content::Text("{}".to_owned()),
        )
    });
    let kept = recorder.finish(&[]);
    assert_eq!((kept.heard, kept.exchanges), (2, 2));
    let trouble = kept.trouble.expect("the disk was gone");
    assert!(trouble.contains(".part"), "{trouble}");
    // What could be kept is there.
    let recording = Recording::open(folder.path()).expect("it is whole");
    assert_eq!(recording.entries.len(), 2);
    assert!(
        recording.verify().is_err(),
        "the picture is missing, and that is found"
    );
}

#[test]
fn two_runs_do_not_record_to_one_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let first = open(folder.path()).expect("it is ours");
    assert!(matches!(
        open(folder.path()),
        Err(RecordingError::Busy { .. })
    ));
    first.finish(&[]);
    open(folder.path()).expect("it is free again").finish(&[]);
}

/// What a gateway puts before the path, and what a link is, is not kept.
#[test]
fn addresses_are_kept_without_prefix_and_signature() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let recorder = open(folder.path()).expect("it is ours");
    let link = "https://s.example/v.mp4?Signature=secret";
    let text = format!(r#"{{"file":{{"file_id":"7","download_url":"{link}"}}}}"#);
    let place = "/token-of-a-gateway/v1/files/retrieve?file_id=7";
    recorder.keep(whole(Call::Retrieve, place, Content::Text(text)));
    recorder.keep(whole(Call::Link, link, Content::File(None)));
    recorder.finish(&[]);
    let text = fs::read_to_string(folder.path().join("recording.har")).expect("it is there");
    assert!(
        !text.contains("secret") && !text.contains("token-of-a-gateway"),
        "{text}"
    );
    let recording = Recording::open(folder.path()).expect("it is whole");
    let urls: Vec<&str> = recording
        .entries
        .iter()
        .map(|entry| entry.request.url.as_str())
        .collect();
    assert_eq!(
        urls,
        [
            "https://simulator.invalid/v1/files/retrieve?file_id=7",
            "https://link.invalid/7/1"
        ]
    );
}
