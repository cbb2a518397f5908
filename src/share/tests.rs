//! Writers at once, objects of all kinds that nobody should believe, and a store that
//! fails in the middle.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::future::join_all;
use futures::stream::BoxStream;
use jiff::Timestamp;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::transfer::FetchError;
use super::{Broken, Entry, EntryVideo, Found, Put, SendError, Share, Standing};
use crate::id::{Fingerprint, sha256_hex};
use crate::store::Store;

const BYTES: &[u8] = b"a video, as far as a store is concerned";

fn fingerprint() -> Fingerprint {
    Fingerprint::from_hex("ab".repeat(32))
}

fn request() -> Map<String, Value> {
    let request = json!({"prompt": "a cat", "model": "MiniMax-Hailuo-02"});
    request.as_object().cloned().expect("an object")
}

fn video() -> EntryVideo {
    EntryVideo {
        sha256: sha256_hex(BYTES),
        bytes: BYTES.len() as u64,
        width: 1366,
        height: 768,
        duration_ms: 5875,
        fps: 24.0,
        codec: "avc1.42C01F".into(),
    }
}

/// An entry as it is written, of which a test changes what it wants to.
fn written() -> Value {
    json!({
        "format": "runner entry",
        "version": 1,
        "fingerprint": fingerprint(),
        "number": 1,
        "standing": "saved",
        "shot": "opening",
        "run": {
            "id": "20261121T120000.000000Z-00001",
            "started_at": "2026-11-21T12:00:00Z",
            "manifest": "shots.yaml",
            "backend": "minimax",
            "base_url": "https://api.minimax.io",
            "free": false,
            "runner_version": "0.1.0",
            "spec_version": "2026-08-15",
        },
        "intended_at": "2026-11-21T12:00:01.5Z",
        "task": "106916112212032",
        "file": "205258526306433",
        "price": {"micros": 280_000, "currency": "USD"},
        "video": serde_json::to_value(video()).expect("plain data"),
        "request": request(),
    })
}

fn entry() -> Entry {
    serde_json::from_value(written()).expect("it is one")
}

/// A store in memory, and the same seen by somebody who writes what he likes.
fn shared() -> (Share, Arc<InMemory>) {
    let store = Arc::new(InMemory::new());
    (
        Share::over(Arc::clone(&store) as Arc<dyn ObjectStore>),
        store,
    )
}

async fn lay(store: &InMemory, name: &str, bytes: impl Into<PutPayload>) {
    let path = Path::parse(name).expect("a test's name");
    store.put(&path, bytes.into()).await.expect("it is memory");
}

async fn found(share: &Share) -> Found {
    let found = share.entries(&fingerprint(), &request()).await;
    found.expect("the store answers")
}

fn folder(digest: &str) -> String {
    format!("v1/entries/{}/{digest}.json", fingerprint())
}

/// Puts a made-up entry under the name that fits it.
async fn lay_entry(store: &InMemory, entry: &Value) {
    let bytes = entry.to_string().into_bytes();
    lay(store, &folder(&sha256_hex(&bytes)), bytes).await;
}

#[tokio::test]
async fn what_is_written_down_is_found_and_is_written_down_once() {
    let (share, _) = shared();
    assert_eq!(found(&share).await, Found::default());
    assert_eq!(share.note(&entry()).await, Ok(Put::New));
    assert_eq!(share.note(&entry()).await, Ok(Put::There));
    let found = found(&share).await;
    assert_eq!(found.bad, []);
    assert_eq!(found.entries, [entry()]);
}

/// Whoever brings an entry home and sends it again writes the very same object.
#[tokio::test]
async fn an_entry_that_was_brought_home_is_the_same_entry() {
    let request = Arc::new(request());
    let home = entry().at_home(request, "film/opening.mp4", Timestamp::UNIX_EPOCH);
    let again = Entry::from(&home);
    assert_eq!(again, entry());
    assert_eq!(again.digest(), entry().digest());
    assert_eq!(home.check(), Ok(()));
}

#[tokio::test]
async fn of_writers_at_once_one_writes_and_the_others_find_it_there() {
    let (share, store) = shared();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("a.mp4");
    fs::write(&file, BYTES).expect("it is ours");
    let notes = join_all((0..16).map(|_| async { share.note(&entry()).await.expect("it can") }));
    let sends = join_all((0..16).map(|_| async {
        let sent = share.send(&file, &video()).await;
        sent.expect("it can")
    }));
    let (notes, sends) = futures::join!(notes, sends);
    for puts in [notes, sends] {
        let new = puts.iter().filter(|put| **put == Put::New).count();
        let there = puts.iter().filter(|put| **put == Put::There).count();
        assert_eq!((new, there), (1, 15));
    }
    let path = Path::parse(format!("v1/videos/{}.mp4", video().sha256)).expect("a name");
    let got = store.get(&path).await.expect("it is there").bytes().await;
    assert_eq!(got.expect("it is memory"), BYTES);
}

#[tokio::test]
async fn of_several_words_on_one_payment_the_last_counts() {
    let (share, store) = shared();
    let mut early = written();
    early["standing"] = json!("created");
    for left_out in ["video", "file"] {
        early.as_object_mut().expect("an object").remove(left_out);
    }
    let mut lost = early.clone();
    lost["standing"] = json!("lost");
    let mut other = early.clone();
    other["intended_at"] = json!("2026-11-21T11:00:00Z");
    other["run"]["id"] = json!("another");
    for entry in [&early, &written(), &lost, &other] {
        lay_entry(&store, entry).await;
    }
    let found = found(&share).await;
    assert_eq!(found.bad, []);
    let standings: Vec<Standing> = found.entries.iter().map(|entry| entry.standing).collect();
    assert_eq!(standings, [Standing::Created, Standing::Saved]);
    assert_eq!(
        found.entries[0].run.id, "another",
        "the latest payment comes last"
    );
}

#[tokio::test]
async fn what_does_not_fit_its_name_is_named_and_left_alone() {
    let (share, store) = shared();
    let good = entry().bytes();
    let name = folder(&entry().digest());
    let mut bent = good.clone();
    let place = bent.len() / 2;
    bent[place] ^= 1;
    lay(&store, &name, bent.clone()).await;
    let answer = found(&share).await;
    assert_eq!(answer.entries, []);
    assert_eq!(answer.bad.len(), 1);
    assert_eq!(
        (answer.bad[0].name.as_str(), &answer.bad[0].why),
        (name.as_str(), &Broken::Digest)
    );
    // A good one of the same name is not put over it.
    assert_eq!(share.note(&entry()).await, Ok(Put::There));
    let path = Path::parse(&name).expect("a name");
    let kept = store.get(&path).await.expect("it is there").bytes().await;
    assert_eq!(kept.expect("it is memory"), bent);
}

#[tokio::test]
async fn names_that_nobody_gives_are_no_entries() {
    let good = entry().bytes();
    let digest = entry().digest();
    for name in [
        format!(
            "v1/entries/{}/{}.json",
            fingerprint(),
            digest.to_uppercase()
        ),
        format!("v1/entries/{}/{digest}", fingerprint()),
        format!("v1/entries/{}/x/{digest}.json", fingerprint()),
        format!("v1/entries/{}/%2E%2E/{digest}.json", fingerprint()),
        format!("v1/entries/{}/.DS_Store", fingerprint()),
    ] {
        let (share, store) = shared();
        lay(&store, &name, good.clone()).await;
        let answer = found(&share).await;
        assert_eq!(answer.entries, [], "{name}");
        assert_eq!(answer.bad.len(), 1, "{name}");
        assert_eq!(answer.bad[0].why, Broken::Name, "{name}");
    }
}

#[tokio::test]
async fn hostile_entries_are_told_apart_by_what_is_wrong_with_them() {
    let long = "x".repeat(401);
    let changes: Vec<(&str, Value, Broken)> = vec![
        ("/version", json!(2), Broken::Version(2)),
        ("/fingerprint", json!("cd".repeat(32)), Broken::Fingerprint),
        ("/format", json!("something"), Broken::Form),
        ("/number", json!(0), Broken::Value("number")),
        ("/number", json!(-1), Broken::Form),
        ("/shot", json!("../../etc/passwd"), Broken::Value("shot")),
        ("/shot", json!(""), Broken::Value("shot")),
        ("/task", json!("1\u{1b}[2J"), Broken::Value("task")),
        ("/run/id", json!(long), Broken::Value("run")),
        ("/run/base_url", json!("a\nb"), Broken::Value("address")),
        ("/price/micros", json!(-1), Broken::Value("price")),
        ("/price/micros", json!(i64::MAX), Broken::Value("price")),
        ("/price/currency", json!("dollars"), Broken::Value("price")),
        ("/standing", json!("created"), Broken::Value("standing")),
        ("/standing", json!("bought"), Broken::Form),
        (
            "/video/sha256",
            json!("../../x"),
            Broken::Value("digest of the video"),
        ),
        ("/video/bytes", json!(0), Broken::Value("size of the video")),
        (
            "/video/bytes",
            json!(u64::MAX),
            Broken::Value("size of the video"),
        ),
        (
            "/video/fps",
            json!(-1.0),
            Broken::Value("property of the video"),
        ),
        (
            "/video/width",
            json!(0),
            Broken::Value("property of the video"),
        ),
        (
            "/video/codec",
            json!("\u{7}"),
            Broken::Value("property of the video"),
        ),
        ("/request/prompt", json!("a dog"), Broken::Request),
        ("/intended_at", json!("yesterday"), Broken::Form),
    ];
    for (place, value, why) in changes {
        let (share, store) = shared();
        let mut entry = written();
        *entry.pointer_mut(place).expect("it is in an entry") = value.clone();
        lay_entry(&store, &entry).await;
        let answer = found(&share).await;
        assert_eq!(answer.entries, [], "{place} {value}");
        assert_eq!(answer.bad[0].why, why, "{place} {value}");
    }
    let (share, store) = shared();
    let mut entry = written();
    entry["surprise"] = json!(true);
    lay_entry(&store, &entry).await;
    assert_eq!(found(&share).await.bad[0].why, Broken::Form);
}

#[tokio::test]
async fn neither_one_huge_entry_nor_many_of_them_take_memory() {
    let (share, store) = shared();
    let digest = "0".repeat(64);
    lay(&store, &folder(&digest), vec![b' '; 300 * 1024]).await;
    let answer = found(&share).await;
    assert_eq!(answer.bad[0].why, Broken::Size { bytes: 307_200 });
    let (share, store) = shared();
    for number in 0..300 {
        lay(&store, &folder(&format!("{number:064x}")), vec![b'{'; 8]).await;
    }
    let answer = found(&share).await;
    assert_eq!(answer.bad.len(), 257);
    assert!(answer.bad.iter().any(|bad| bad.why == Broken::TooMany(256)));
}

struct Home {
    _folder: tempfile::TempDir,
    store: Store,
}

fn home() -> Home {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(folder.path()).expect("it can be opened");
    Home {
        _folder: folder,
        store,
    }
}

#[tokio::test]
async fn a_video_arrives_as_it_was_sent_or_not_at_all() {
    let home = home();
    let name = format!("v1/videos/{}.mp4", video().sha256);
    let mut bent = BYTES.to_vec();
    bent[3] ^= 1;
    let short = |found| Broken::Length {
        found,
        expected: BYTES.len() as u64,
    };
    for (bytes, why) in [
        (None, Broken::Missing),
        (Some(bent), Broken::Digest),
        (Some(BYTES[1..].to_vec()), short(38)),
        (Some(Vec::new()), short(0)),
    ] {
        let (share, store) = shared();
        if let Some(bytes) = bytes {
            lay(&store, &name, bytes).await;
        }
        let mut partial = home.store.begin("opening.mp4").expect("it can begin");
        match share.fetch(&video(), &mut partial).await {
            Err(FetchError::Bad(bad)) => assert_eq!((bad.name, bad.why), (name.clone(), why)),
            other => panic!("{other:?}"),
        }
    }
    let (share, store) = shared();
    lay(&store, &name, BYTES.to_vec()).await;
    let mut partial = home.store.begin("opening.mp4").expect("it can begin");
    share
        .fetch(&video(), &mut partial)
        .await
        .expect("it is the one");
    let saved = partial.commit().expect("it can be put there");
    assert_eq!(
        fs::read(home.store.layout().path(&saved.path)).expect("it is there"),
        BYTES
    );
}

fn on_disk(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("a.mp4");
    fs::write(&file, bytes).expect("it is ours");
    (folder, file)
}

#[tokio::test]
async fn nothing_is_put_over_another_object_and_nothing_else_than_what_was_paid_for_is_sent() {
    let (_folder, file) = on_disk(BYTES);
    let name = format!("v1/videos/{}.mp4", video().sha256);
    let (share, store) = shared();
    lay(&store, &name, b"broken".to_vec()).await;
    match share.send(&file, &video()).await {
        Ok(Put::Refused(bad)) => assert_eq!(bad.name, name),
        other => panic!("{other:?}"),
    }
    let (_folder, file) = on_disk(b"edited by somebody");
    let (share, store) = shared();
    assert!(matches!(
        share.send(&file, &video()).await,
        Err(SendError::Changed)
    ));
    let path = Path::parse(&name).expect("a name");
    assert!(store.head(&path).await.is_err(), "nothing was sent");
}

/// A store that breaks off at the operation of this number; what it was asked to write
/// may have been written.
#[derive(Debug)]
struct Breaking {
    inner: InMemory,
    left: AtomicUsize,
    writes_first: bool,
}

impl Breaking {
    fn step(&self) -> object_store::Result<()> {
        let left = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        left.map(drop).map_err(|_| broken())
    }
}

fn broken() -> object_store::Error {
    object_store::Error::Generic {
        store: "test",
        source: "connection reset".into(),
    }
}

impl fmt::Display for Breaking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("breaking")
    }
}

#[async_trait]
impl ObjectStore for Breaking {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> object_store::Result<PutResult> {
        let step = self.step();
        if step.is_ok() || self.writes_first {
            let put = self.inner.put_opts(location, payload, opts).await;
            step.and(put)
        } else {
            Err(broken())
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(
        &self,
        location: &Path,
        options: GetOptions,
    ) -> object_store::Result<GetResult> {
        self.step()?;
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        panic!("nothing is ever removed")
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        match self.step() {
            Ok(()) => self.inner.list(prefix),
            Err(error) => Box::pin(futures::stream::iter([Err(error)])),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> object_store::Result<()> {
        panic!("nothing is ever copied")
    }
}

/// Whatever breaks off, and whether it had happened or not: another try brings
/// everything there, once, and an entry is never there without its video.
#[tokio::test]
async fn a_push_that_breaks_off_anywhere_is_finished_by_the_next() {
    let (_folder, file) = on_disk(BYTES);
    for writes_first in [false, true] {
        for steps in 0..4 {
            let store = Arc::new(Breaking {
                inner: InMemory::new(),
                left: AtomicUsize::new(steps),
                writes_first,
            });
            let share = Share::over(Arc::clone(&store) as Arc<dyn ObjectStore>);
            let push = || async {
                share.send(&file, &video()).await.map_err(drop)?;
                share.note(&entry()).await.map_err(drop)
            };
            let first = push().await;
            assert_eq!(first.is_ok(), steps >= 3, "head, put, put");
            let names = names(&store.inner).await;
            let has = |part: &str| names.iter().any(|name| name.contains(part));
            assert!(!has("entries") || has("videos"), "{names:?}");
            store.left.store(100, Ordering::SeqCst);
            push().await.expect("nothing breaks now");
            assert_eq!(found(&share).await.entries, [entry()]);
        }
    }
}

async fn names(store: &InMemory) -> Vec<String> {
    use futures::TryStreamExt as _;

    let all = store.list(None).map_ok(|meta| meta.location.to_string());
    all.try_collect().await.expect("it is memory")
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_no_empty_store() {
    for steps in 0..2 {
        let store = Breaking {
            inner: InMemory::new(),
            left: AtomicUsize::new(100),
            writes_first: false,
        };
        let store = Arc::new(store);
        let share = Share::over(Arc::clone(&store) as Arc<dyn ObjectStore>);
        share.note(&entry()).await.expect("it can");
        store.left.store(steps, Ordering::SeqCst);
        let error = share.entries(&fingerprint(), &request()).await;
        let error = error.expect_err("it broke off");
        assert_eq!(error.trouble, super::Trouble::Unreachable);
        assert!(error.to_string().contains("connection reset"), "{error}");
    }
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let standing = prop::sample::select(vec!["uncertain", "created", "succeeded", "lost", "saved"]);
    (standing, 0..3u32, any::<bool>()).prop_map(|(standing, number, given_up)| {
        let mut entry = written();
        entry["standing"] = json!(standing);
        entry["number"] = json!(number + 1);
        if !(standing == "saved" || standing == "lost" && given_up) {
            entry.as_object_mut().expect("an object").remove("video");
        }
        if standing == "uncertain" {
            entry.as_object_mut().expect("an object").remove("task");
        }
        serde_json::from_value(entry).expect("it is one")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// In whatever order entries come, the same is known in the end.
    #[test]
    fn the_order_of_entries_does_not_matter(entries in prop::collection::vec(any_entry(), 0..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("it starts");
        let of = |entries: Vec<&Entry>| runtime.block_on(async {
            let (share, _) = shared();
            for entry in entries {
                share.note(entry).await.expect("it can");
            }
            found(&share).await
        });
        let forward = of(entries.iter().collect());
        let backward = of(entries.iter().rev().collect());
        prop_assert_eq!(&forward, &backward);
        prop_assert!(forward.bad.is_empty());
        for entry in &entries {
            let kept = forward.entries.iter().find(|kept| kept.payment() == entry.payment());
            prop_assert!(kept.is_some_and(|kept| kept.knowledge() >= entry.knowledge()));
        }
    }
}
