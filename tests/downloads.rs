//! Downloads from a storage host with moods: whatever it does, the video that is
//! kept is one of its files, byte for byte, and what had arrived is not sent again.

mod support;

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::{StreamExt as _, stream};
use runner::media::clip::{self, ClipRequest};
use runner::state::Outcome;
use serde_json::{Value, json};
use support::film::{Film, Pace, service};

/// Enough that an answer is not over before it can be cut; and both files have
/// it, so that nothing but their versions tells them apart.
const SIZE: usize = 450_000;

/// What the host does when its link is opened.
#[derive(Debug, Clone, Copy)]
enum Mood {
    /// Sends what is asked for, and hangs up after so many bytes.
    Cut(usize),
    /// The same, without saying which file it is.
    CutUnnamed(usize),
    /// Has another file by now, and says so.
    Changed,
    /// Has another file by now, and sends its rest all the same.
    Splices,
    /// Sends the rest from one byte later.
    Shifts,
    /// Has never heard of ranges.
    Deaf,
    /// Says that what it sends is packed.
    Packed,
    /// The link has expired.
    Expired,
}

/// A service whose one video is at its storage host.
struct Host {
    files: [Vec<u8>; 2],
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    moods: VecDeque<Mood>,
    /// Which of the files it has.
    file: usize,
    links: u32,
    /// What was asked for: a rest, or the whole.
    asked: Vec<&'static str>,
    sent: usize,
}

/// A video with a box at its end that no player looks at.
fn padded(seed: u64) -> Vec<u8> {
    let request = ClipRequest {
        width: 1366,
        height: 768,
        duration_ms: 6_000,
        fps: 24,
        seed,
        title: "a",
        prompt: "",
        moves: &[],
        first_frame: None,
        last_frame: None,
    };
    let mut video = clip::render_tiny(&request).expect("a tiny clip can be made");
    let padding = SIZE - video.len();
    let size = u32::try_from(padding).expect("a small number");
    video.extend(size.to_be_bytes());
    video.extend(b"free");
    // No two bytes in a row, so that a splice in the wrong place shows.
    video.extend((0..padding - 8).map(|at| (at as u64 * 31 + seed) as u8));
    video
}

impl Host {
    async fn start(moods: &[Mood]) -> (Arc<Self>, String) {
        let host = Arc::new(Self {
            files: [padded(1), padded(2)],
            now: Mutex::new(Now {
                moods: moods.iter().copied().collect(),
                ..Now::default()
            }),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("loopback has a port");
        let address = listener.local_addr().expect("it is bound");
        let base = format!("http://{address}");
        let link = base.clone();
        let good = |answer: Value| get(move || std::future::ready(Json(answer)));
        let locate = |State(host): State<Arc<Self>>| async move {
            let mut now = host.now.lock().expect("no panic");
            now.links += 1;
            let link = format!("{link}/storage/{}?Signature=x", now.links);
            Json(json!({ "file": { "download_url": link } }))
        };
        let router = Router::new()
            .route(
                "/v1/video_generation",
                post(|| async { Json(json!({ "task_id": "1" })) }),
            )
            .route(
                "/v1/query/video_generation",
                good(json!({ "status": "Success", "file_id": "7" })),
            )
            .route("/v1/files/retrieve", get(locate))
            .route("/storage/{link}", get(open))
            .with_state(Arc::clone(&host));
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        (host, base)
    }

    /// The answer to one opening of a link.
    fn answer(&self, headers: &HeaderMap) -> Response {
        let mut now = self.now.lock().expect("no panic");
        let mood = now.moods.pop_front();
        if let Some(Mood::Changed | Mood::Splices) = mood {
            now.file = 1;
        }
        let file = &self.files[now.file];
        let tag = format!("\"{}\"", now.file);
        let asked = rest_asked(headers);
        let same = headers
            .get(header::IF_RANGE)
            .is_some_and(|word| *word == *tag);
        let (status, start) = match (asked, mood) {
            (None, _) | (_, Some(Mood::Deaf)) => (StatusCode::OK, 0),
            (Some(start), Some(Mood::Shifts)) => (StatusCode::PARTIAL_CONTENT, start + 1),
            (Some(start), Some(Mood::Splices)) => (StatusCode::PARTIAL_CONTENT, start),
            (Some(start), _) if same => (StatusCode::PARTIAL_CONTENT, start),
            (Some(_), _) => (StatusCode::OK, 0),
        };
        now.asked
            .push(if asked.is_some() { "rest" } else { "whole" });
        let body = &file[start..];
        let end = match mood {
            Some(Mood::Cut(bytes) | Mood::CutUnnamed(bytes)) => bytes.min(body.len()),
            Some(Mood::Expired) => return StatusCode::FORBIDDEN.into_response(),
            _ => body.len(),
        };
        now.sent += end;
        let mut response = sent(body, end);
        *response.status_mut() = status;
        let mut say = |name: HeaderName, value: String| {
            let value = HeaderValue::from_str(&value).expect("plain text");
            response.headers_mut().insert(name, value);
        };
        if !matches!(mood, Some(Mood::CutUnnamed(_))) {
            say(header::ETAG, tag);
        }
        if matches!(mood, Some(Mood::Packed)) {
            say(header::CONTENT_ENCODING, "gzip".to_owned());
        }
        if status == StatusCode::PARTIAL_CONTENT {
            let (last, size) = (file.len() - 1, file.len());
            say(
                header::CONTENT_RANGE,
                format!("bytes {start}-{last}/{size}"),
            );
        }
        response
    }
}

async fn open(State(host): State<Arc<Host>>, Path(_): Path<u32>, headers: HeaderMap) -> Response {
    host.answer(&headers)
}

fn rest_asked(headers: &HeaderMap) -> Option<usize> {
    let range = headers.get(header::RANGE)?.to_str().ok()?;
    range
        .strip_prefix("bytes=")?
        .strip_suffix('-')?
        .parse()
        .ok()
}

/// A body that is announced whole and ends after `end` bytes.
fn sent(body: &[u8], end: usize) -> Response {
    let (length, body) = (body.len(), body[..end].to_vec());
    let broken = async {
        // Without a while the end would overtake what was written before it.
        tokio::time::sleep(Duration::from_millis(30)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    };
    let broken = stream::once(broken).take(usize::from(end < length));
    let parts = stream::iter([Ok(body)]).chain(broken);
    let mut response = Body::from_stream(parts).into_response();
    let length = HeaderValue::from(length);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, length);
    response
}

/// The moods, what is asked for in turn, which file is kept, and how often at
/// most as many bytes are sent as it has.
type Case = (&'static [Mood], &'static [&'static str], usize, usize);

const CASES: &[Case] = &[
    (&[], &["whole"], 0, 1),
    (
        &[Mood::Cut(100_000), Mood::Cut(200_000)],
        &["whole", "rest", "rest"],
        0,
        1,
    ),
    (
        &[Mood::Cut(300_000), Mood::Expired],
        &["whole", "rest", "rest"],
        0,
        1,
    ),
    (
        &[Mood::Cut(300_000), Mood::Changed],
        &["whole", "rest"],
        1,
        2,
    ),
    (
        &[Mood::Cut(300_000), Mood::Splices],
        &["whole", "rest", "whole"],
        1,
        3,
    ),
    (
        &[Mood::Cut(300_000), Mood::Shifts],
        &["whole", "rest", "whole"],
        0,
        3,
    ),
    (&[Mood::Cut(300_000), Mood::Deaf], &["whole", "rest"], 0, 2),
    (&[Mood::CutUnnamed(300_000)], &["whole", "whole"], 0, 2),
    (&[Mood::Packed], &["whole", "whole"], 0, 2),
    (
        &[Mood::Cut(300_000), Mood::Packed],
        &["whole", "rest", "rest"],
        0,
        2,
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_is_one_file_byte_for_byte() {
    for (moods, asked, file, times) in CASES {
        let (host, base) = Host::start(moods).await;
        let film = Film::new(&["a"]);
        let quiet = Box::new(|_: &_, _: &_| ());
        let state = film.run(&base, Pace::default(), quiet).await;
        let state = state.expect("the ledger works");
        assert_eq!(state.shots[0].outcome(), Outcome::Succeeded, "{moods:?}");
        assert_eq!(film.damage(&state), None, "{moods:?}");
        let now = host.now.lock().expect("no panic");
        assert_eq!(now.asked, *asked, "{moods:?}");
        let (kept, whole) = (film.video("a"), &host.files[*file]);
        assert!(
            kept == *whole,
            "{moods:?}: {} bytes of another file",
            kept.len()
        );
        assert!(
            now.sent <= times * whole.len(),
            "{moods:?}: {} sent",
            now.sent
        );
    }
}

/// The same with the simulator, whose answers are cut in the middle: halves of
/// halves, and no way but the link is needed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulator_s_videos_arrive_in_pieces() {
    let rules = json!([{ "on": "download", "times": 3, "then": { "cut": "body" } }]);
    let simulator = service(&rules).await;
    let film = Film::new(&["a"]);
    let quiet = Box::new(|_: &_, _: &_| ());
    let state = film
        .run(&simulator.base_url(), Pace::default(), quiet)
        .await;
    let state = state.expect("the ledger works");
    assert_eq!(state.shots[0].outcome(), Outcome::Succeeded);
    assert_eq!(film.damage(&state), None);
    let requests = simulator.requests();
    let pieces = (requests.retrieve, requests.download, requests.content);
    assert_eq!(pieces, (1, 4, 0), "{:?}", state.shots[0].failure);
}
