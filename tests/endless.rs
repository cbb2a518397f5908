//! Answers that never come to an end: what each means for each call, and that
//! neither memory nor time goes with them.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use runner::event::{Failure, FailureClass};
use runner::id::{FileId, TaskId};
use runner::provider::minimax::{MiniMax, Settings};
use runner::provider::{Location, Provider};
use support::film::Film;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// How long a server may be silent, and its words may take.
const SILENCE: Duration = Duration::from_millis(400);

/// What nothing here may take, even on a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// More than buffers on the way hold, and far less than comes in that time.
const MUCH: u64 = 8 * 1024 * 1024;

/// A way to never end.
#[derive(Debug, Clone, Copy)]
struct Manner {
    name: &'static str,
    /// What comes once.
    first: &'static str,
    /// What comes again and again.
    again: &'static str,
    /// The pause before each time.
    pause: Duration,
    /// What a create means by it; anything else can be asked again.
    create: FailureClass,
}

const fn manner(name: &'static str, first: &'static str, again: &'static str) -> Manner {
    Manner {
        name,
        first,
        again,
        pause: Duration::ZERO,
        create: FailureClass::Ambiguous,
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";
const TEXT: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"task_id\": \"";

const MANNERS: &[Manner] = &[
    manner("a text", JSON, TEXT),
    manner("nothing but spaces", OK, "                                "),
    manner("lists in lists", OK, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
    manner(
        "a text of announced length",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999999999999\r\n\r\n{\"a\": \"",
        TEXT,
    ),
    manner(
        "a text in chunks",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n",
        "10\r\nxxxxxxxxxxxxxxxx\r\n",
    ),
    manner(
        "a page",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>",
        TEXT,
    ),
    manner(
        "headers",
        "HTTP/1.1 200 OK\r\n",
        "X-More: xxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n",
    ),
    manner("one header", "HTTP/1.1 200 OK\r\nX-More: ", TEXT),
    // Each is thrown away as it comes, so that only time can bound them.
    Manner {
        pause: Duration::from_millis(1),
        ..manner("promises of an answer", "", "HTTP/1.1 100 Continue\r\n\r\n")
    },
    manner("an error", "HTTP/1.1 500 No\r\n\r\n", TEXT),
    Manner {
        create: FailureClass::Throttled,
        ..manner("a refusal", "HTTP/1.1 429 Later\r\n\r\n", TEXT)
    },
    Manner {
        pause: Duration::from_millis(50),
        ..manner("a text, drop by drop", JSON, "x")
    },
    Manner {
        pause: Duration::from_millis(50),
        ..manner("an error, drop by drop", "HTTP/1.1 500 No\r\n\r\n", "x")
    },
    Manner {
        pause: Duration::from_millis(50),
        ..manner(
            "headers, drop by drop",
            "HTTP/1.1 200 OK\r\n",
            "X-More: x\r\n",
        )
    },
];

const CALLS: [&str; 5] = ["create", "poll", "locate", "fetch", "content"];

/// A server of one manner; gives its address and how many bytes it got rid of.
fn server(manner: Manner) -> (String, Arc<AtomicU64>) {
    let socket = TcpSocket::new_v4().expect("a socket");
    // Else the system takes megabytes that nobody has read.
    socket.set_send_buffer_size(64 * 1024).expect("it is new");
    let loopback = "127.0.0.1:0".parse().expect("an address");
    socket.bind(loopback).expect("loopback has a port");
    let listener = socket.listen(8).expect("it is bound");
    let address = listener.local_addr().expect("it is bound");
    let written = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&written);
    // Ends with the test's runtime.
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, manner, Arc::clone(&count)));
        }
    });
    (format!("http://{address}"), written)
}

/// Answers until nobody listens any more, or the test has failed.
async fn answer(mut stream: TcpStream, manner: Manner, written: Arc<AtomicU64>) {
    let mut request = [0; 4096];
    if stream.read(&mut request).await.is_err() {
        return;
    }
    let (times, pause) = match manner.pause {
        Duration::ZERO => (256, None),
        pause => (1, Some(pause)),
    };
    let again = manner.again.repeat(times);
    let mut next = manner.first.as_bytes();
    while stream.write_all(next).await.is_ok() {
        written.fetch_add(next.len() as u64, Ordering::Relaxed);
        next = again.as_bytes();
        if written.load(Ordering::Relaxed) > 2 * MUCH {
            return;
        }
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Makes one call; gives how it failed.
async fn call(name: &str, base_url: &str) -> Failure {
    let provider = MiniMax::new(&Settings {
        base_url: base_url.to_owned(),
        key: "sk-of-a-test".to_owned(),
        label_shots: false,
        silence: SILENCE,
        witness: None,
        recorder: None,
    });
    let provider = provider.expect("the address is one");
    let file = FileId::new("7");
    let link = Location::new(format!("{base_url}/a.mp4?Signature=x"));
    let failure = match name {
        "create" => provider.create(Film::new(&["a"]).request()).await.err(),
        "poll" => provider.poll(&TaskId::new("1")).await.err(),
        "locate" => provider.locate(&file).await.err(),
        "fetch" => provider.fetch(&link, None).await.err(),
        _ => provider.fetch_content(&file).await.err(),
    };
    failure.unwrap_or_else(|| panic!("{name}: this is no answer"))
}

async fn meet(manner: Manner, name: &str) {
    let (base_url, written) = server(manner);
    let begun = Instant::now();
    let failure = call(name, &base_url).await;
    let case = format!("{name}, {}: {failure:?}", manner.name);
    assert!(begun.elapsed() < LONG, "{case}");
    let expected = match (name, manner.create) {
        ("create", class) => class,
        (_, FailureClass::Throttled) => FailureClass::Throttled,
        _ => FailureClass::Transient,
    };
    assert_eq!(failure.class, expected, "{case}");
    assert!(failure.message.len() < 1_000, "{case}");
    let written = written.load(Ordering::Relaxed);
    assert!(written < MUCH, "{case}: {written} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_an_end_is_left() {
    let cases = MANNERS
        .iter()
        .flat_map(|&manner| CALLS.map(|name| Box::pin(meet(manner, name))));
    futures::stream::iter(cases)
        .buffer_unordered(8)
        .collect::<Vec<()>>()
        .await;
}

/// What matters is all there: a paid task is not lost to the spaces behind it.
#[tokio::test]
async fn an_answer_that_is_whole_counts_whatever_comes_after_it() {
    let accepted = manner(
        "an answer, then spaces",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"task_id\": \"106\", \"base_resp\": {\"status_code\": 0}}",
        "                                ",
    );
    let (base_url, written) = server(accepted);
    let provider = MiniMax::new(&Settings {
        base_url,
        key: "sk-of-a-test".to_owned(),
        label_shots: false,
        silence: SILENCE,
        witness: None,
        recorder: None,
    });
    let provider = provider.expect("the address is one");
    let created = provider.create(Film::new(&["a"]).request()).await;
    assert_eq!(created.expect("it is accepted").task, TaskId::new("106"));
    assert!(written.load(Ordering::Relaxed) < MUCH);
}
