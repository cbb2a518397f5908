//! Where clips are made: in the background, a few at once.
//!
//! Owns the rendering and the tiny clips that tasks share. Rendering is on
//! blocking threads, so that it never holds up an answer, and begins when a task
//! is created, in that order.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex, OnceLock};

use bytes::{BufMut, Bytes, BytesMut};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::Clips;
use super::order::{Order, hexadecimal, number};
use super::picture::Still;
use super::task::Task;
use super::world::locked;
use crate::media::clip::{ClipRequest, Flaw, render_flawed, render_tiny_flawed};
use crate::media::motion::Move;
use crate::media::probe::probe;

/// Frames per second of every clip.
const FPS: u32 = 24;
/// How many different pictures tiny clips of one size and length have.
const TINY_SCENES: u64 = 16;

/// A finished video.
#[derive(Debug, Clone)]
pub(super) struct Clip {
    film: Arc<Film>,
    /// The end of a file whose film is shared, and empty otherwise.
    mark: Bytes,
}

/// What was rendered; tiny ones are shared by many tasks.
#[derive(Debug)]
struct Film {
    bytes: Bytes,
    /// Whether other tasks may show it as well.
    shared: bool,
    width: u32,
    height: u32,
}

impl Clip {
    /// Width and height in pixels, as the file has them.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.film.width, self.film.height)
    }

    /// The whole file.
    pub(super) fn file(&self) -> Bytes {
        if self.mark.is_empty() {
            return self.film.bytes.clone();
        }
        let mut file = BytesMut::with_capacity(self.film.bytes.len() + self.mark.len());
        file.put_slice(&self.film.bytes);
        file.put_slice(&self.mark);
        file.freeze()
    }
}

/// What tells tiny films apart.
#[derive(Debug, PartialEq, Eq, Hash)]
struct TinyKey {
    size: (u32, u32),
    seconds: u32,
    scene: u64,
    moves: Vec<Vec<Move>>,
    flaw: Option<Flaw>,
}

/// A tiny film that is rendered once, by whoever comes first.
type TinyFilm = Arc<OnceLock<Result<Arc<Film>, String>>>;

/// The makers of clips.
#[derive(Debug)]
pub(super) struct Studio {
    clips: Clips,
    slots: Semaphore,
    tiny: Mutex<HashMap<TinyKey, TinyFilm>>,
    works: TaskTracker,
}

impl Studio {
    pub(super) fn new(clips: Clips, workers: usize) -> Self {
        Self {
            clips,
            slots: Semaphore::new(workers.clamp(1, Semaphore::MAX_PERMITS)),
            tiny: Mutex::default(),
            works: TaskTracker::new(),
        }
    }

    /// Begins to make the clip of a task, which finds it there when it is done.
    pub(super) fn commission(self: &Arc<Self>, task: Arc<Task>, order: Order) {
        let tiny = match self.clips {
            Clips::Tiny => Some(self.tiny_film(&order)),
            Clips::Full => None,
        };
        if let Some(film) = tiny.as_ref().and_then(|film| film.get()) {
            deliver(&task, film.clone());
            return;
        }
        let studio = Arc::clone(self);
        let client = Arc::clone(&task);
        // `finished` waits for it; `close` ends it while it waits for its turn.
        self.works.spawn(async move {
            let Ok(_turn) = studio.slots.acquire().await else {
                return;
            };
            let work = tokio::task::spawn_blocking(move || {
                let film = match tiny {
                    Some(film) => film.get_or_init(|| tiny_film(&order)).clone(),
                    None => full_film(order),
                };
                deliver(&task, film);
            });
            if work.await.is_err() {
                // A panic is a mistake of ours; nobody shall wait for this clip.
                deliver(&client, Err("rendering ended without a clip".to_owned()));
            }
        });
    }

    fn tiny_film(&self, order: &Order) -> TinyFilm {
        let key = TinyKey {
            size: order.size,
            seconds: order.seconds,
            scene: scene(order),
            moves: order.moves.clone(),
            flaw: order.flaw,
        };
        Arc::clone(locked(&self.tiny).entry(key).or_default())
    }

    /// Begins no more clips.
    pub(super) fn close(&self) {
        self.slots.close();
        self.works.close();
    }

    /// Waits for the clips in hand; needs [`Studio::close`] before.
    pub(super) async fn finished(&self) {
        self.works.wait().await;
    }
}

/// Puts a film where the task looks for it.
fn deliver(task: &Task, film: Result<Arc<Film>, String>) {
    let clip = film.map(|film| Clip {
        mark: if film.shared {
            mark(&task.digest)
        } else {
            Bytes::new()
        },
        film,
    });
    // Each task is commissioned once, so there is no other clip.
    let _ = task.clip.set(clip);
}

/// A `free` box that names the request, so that no two requests have the same file.
///
/// Players skip it.
fn mark(digest: &[u8; 32]) -> Bytes {
    let text = format!("simulated for request {}", hexadecimal(digest));
    let mut mark = BytesMut::with_capacity(text.len() + 8);
    mark.put_u32(text.len() as u32 + 8);
    mark.put_slice(b"free");
    mark.put_slice(text.as_bytes());
    mark.freeze()
}

fn scene(order: &Order) -> u64 {
    number(&order.digest, 0) % TINY_SCENES
}

fn tiny_film(order: &Order) -> Result<Arc<Film>, String> {
    let request = ClipRequest {
        seed: scene(order),
        // What differs from task to task is not in a film that they share.
        title: "",
        prompt: "",
        ..request(order, None, None)
    };
    let bytes = render_tiny_flawed(&request, order.flaw).map_err(|error| error.to_string())?;
    film(bytes, true)
}

fn full_film(mut order: Order) -> Result<Arc<Film>, String> {
    let first = order.first.take().map(Still::shown).transpose()?;
    let last = order.last.take().map(Still::shown).transpose()?;
    let request = request(&order, first.as_deref(), last.as_deref());
    let mut bytes = render_flawed(&request, order.flaw).map_err(|error| error.to_string())?;
    bytes.extend_from_slice(&mark(&order.digest));
    film(bytes, false)
}

fn request<'a>(
    order: &'a Order,
    first_frame: Option<&'a [u8]>,
    last_frame: Option<&'a [u8]>,
) -> ClipRequest<'a> {
    ClipRequest {
        width: order.size.0,
        height: order.size.1,
        duration_ms: order.seconds.saturating_mul(1000),
        fps: FPS,
        seed: number(&order.digest, 0),
        title: &order.title,
        prompt: &order.text,
        moves: &order.moves,
        first_frame,
        last_frame,
    }
}

/// Reads the size back, so that what is told of a file is true of it.
fn film(bytes: Vec<u8>, shared: bool) -> Result<Arc<Film>, String> {
    let info = probe(Cursor::new(&bytes)).map_err(|error| error.to_string())?;
    Ok(Arc::new(Film {
        bytes: bytes.into(),
        shared,
        width: info.width,
        height: info.height,
    }))
}
