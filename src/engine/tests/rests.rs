//! Downloads that break off: what is asked for then, and that what is saved is
//! one file, byte for byte.

use std::sync::Arc;

use super::ran_with;
use crate::event::{FailureClass, Video};
use crate::id::sha256_hex;
use crate::provider::fake::{Fake, Script, Sent, video};

/// How the fake's file is told from another one.
const SAME: Option<&str> = Some("one");

/// The file, up to `end`, from where a rest may be asked for.
fn broken(end: usize) -> Sent {
    part(0, end)
}

/// Bytes of the file; whatever is missing of it broke off.
fn part(start: usize, end: usize) -> Sent {
    let whole = video();
    Sent {
        start: start as u64,
        length: Some(whole.len() as u64),
        version: SAME,
        bytes: whole[start..end].to_vec(),
        breaks: end < whole.len(),
    }
}

fn rest(start: usize) -> Sent {
    part(start, video().len())
}

/// Lives one shot whose link answers so; gives the calls after the poll, and
/// what was saved.
async fn fetched(script: Script) -> (Vec<String>, Video) {
    let fake = Arc::new(Fake::default());
    fake.script("a", script);
    let ran = ran_with(&["a"], &fake).await;
    let calls = fake.calls().into_iter().skip(2);
    let calls = calls.map(|call| call.trim_end_matches(" a").to_owned());
    let video = ran.state.shots[0].video.clone();
    (calls.collect(), video.expect("it is saved at last"))
}

async fn fetched_by(downloads: Vec<Result<Sent, FailureClass>>) -> Vec<String> {
    let (calls, saved) = fetched(Script {
        downloads: downloads.into(),
        ..Script::default()
    })
    .await;
    assert_eq!(saved.sha256, sha256_hex(&video()), "{calls:?}");
    calls
}

#[tokio::test(start_paused = true)]
async fn a_transfer_that_breaks_goes_on_where_it_broke() {
    let calls = fetched_by(vec![Ok(broken(100)), Ok(part(100, 300)), Ok(rest(300))]).await;
    assert_eq!(
        calls,
        ["locate", "fetch", "fetch from 100", "fetch from 300"]
    );
}

#[tokio::test(start_paused = true)]
async fn so_does_one_that_ends_early_without_a_word() {
    let quiet = Sent {
        breaks: false,
        ..broken(100)
    };
    let calls = fetched_by(vec![Ok(quiet), Ok(rest(100))]).await;
    assert_eq!(calls, ["locate", "fetch", "fetch from 100"]);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_expired_meanwhile_is_replaced() {
    let expired = Err(FailureClass::Transient);
    let calls = fetched_by(vec![Ok(broken(100)), expired, Ok(rest(100))]).await;
    let again = ["fetch from 100", "locate", "fetch from 100"];
    assert_eq!(calls, [&["locate", "fetch"][..], &again].concat());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_changed_is_begun_anew_and_never_spliced() {
    let other = Sent {
        version: Some("two"),
        bytes: b"another take altogether"[..].into(),
        length: Some(100),
        breaks: true,
        ..Sent::default()
    };
    // The file changes, and changes back: each time it comes from its beginning.
    let calls = fetched_by(vec![Ok(broken(100)), Ok(other), Ok(rest(0))]).await;
    assert_eq!(
        calls,
        ["locate", "fetch", "fetch from 100", "fetch from 23"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_part_that_does_not_fit_is_not_taken() {
    let length = video().len();
    for wrong in [
        part(99, length),
        part(101, length),
        Sent {
            version: Some("two"),
            ..rest(100)
        },
        Sent {
            version: None,
            ..rest(100)
        },
        Sent {
            length: Some(length as u64 + 1),
            ..rest(100)
        },
        Sent {
            length: None,
            ..rest(100)
        },
    ] {
        let case = format!("{wrong:?}");
        let calls = fetched_by(vec![Ok(broken(100)), Ok(wrong)]).await;
        // The turn ends, and the next one goes the other way first.
        let turns = [
            "locate",
            "fetch",
            "fetch from 100",
            "content",
            "locate",
            "fetch",
        ];
        assert_eq!(calls, turns, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_version_or_a_length_nothing_is_asked_for() {
    let nothing = |sent: Sent| async {
        let calls = fetched_by(vec![Ok(sent)]).await;
        assert_eq!(calls, ["locate", "fetch", "content", "locate", "fetch"]);
    };
    nothing(Sent {
        version: None,
        ..broken(100)
    })
    .await;
    nothing(Sent {
        length: None,
        ..broken(100)
    })
    .await;
    nothing(broken(0)).await;
    // More than was announced is not the announced file.
    nothing(Sent {
        length: Some(99),
        ..broken(100)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_rest_brings_something_and_there_are_not_many() {
    let stuck = vec![Ok(broken(100)), Ok(part(100, 100))];
    assert_eq!(fetched_by(stuck).await[2..4], ["fetch from 100", "content"]);
    let crumbs = (0..100).map(|at| Ok(part(at, at + 1))).collect();
    let (calls, saved) = fetched(Script {
        downloads: crumbs,
        contents: [video()].into(),
        ..Script::default()
    })
    .await;
    assert_eq!(saved.sha256, sha256_hex(&video()));
    assert_eq!(calls.len(), 1 + 16 + 1, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rest_of_the_content_call_is_not_asked_for() {
    let (calls, _) = fetched(Script {
        links: [FailureClass::Transient].into(),
        contents: [video()[..100].to_vec()].into(),
        ..Script::default()
    })
    .await;
    let turns = ["locate", "content", "content", "locate", "fetch"];
    assert_eq!(calls, turns);
}
