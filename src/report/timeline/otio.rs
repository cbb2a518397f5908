//! `OpenTimelineIO`: the film as a tree of JSON objects.
//!
//! Owns the schemas that are written: Timeline.1, Stack.1, Track.1, Clip.2, Gap.1,
//! Marker.2, ExternalReference.1. A test reads them back with the reference
//! library (`tests/otio`).

use serde_json::{Map, Value, json};

use crate::check::link;

use super::address::Paths;
use super::film::{Film, Made, Scene, Take};
use super::time::{Counting, Rate};

/// The timeline as text, with every take of a shot as a media reference of its
/// clip. Where one video has sound, there is a track of it below.
pub fn otio(film: &Film, paths: &Paths, counting: Counting) -> String {
    let rate = film.rate();
    let mut tracks = vec![track("V1", "Video", film, |scene| {
        picture(scene, rate, paths)
    })];
    if film.has_sound() {
        tracks.push(track("A1", "Audio", film, |scene| {
            sound(scene, rate, paths)
        }));
    }
    let timeline = json!({
        "OTIO_SCHEMA": "Timeline.1",
        "name": film.name,
        "global_start_time": time(rate.start(counting), rate),
        "metadata": {
            "runner": {
                "version": env!("CARGO_PKG_VERSION"),
                "manifest": film.manifest,
                "backend": film.backend,
            }
        },
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "name": "tracks",
            "metadata": {},
            "source_range": null,
            "effects": [],
            "markers": [],
            "enabled": true,
            "children": tracks,
        },
    });
    format!("{timeline:#}\n")
}

fn track(name: &str, kind: &str, film: &Film, item: impl Fn(&Scene) -> Value) -> Value {
    let children: Vec<Value> = film.scenes.iter().map(item).collect();
    json!({
        "OTIO_SCHEMA": "Track.1",
        "name": name,
        "kind": kind,
        "metadata": {},
        "source_range": null,
        "effects": [],
        "markers": [],
        "enabled": true,
        "children": children,
    })
}

fn picture(scene: &Scene, rate: Rate, paths: &Paths) -> Value {
    let markers = [marker(scene, rate)];
    match &scene.shown {
        Some(take) => {
            let takes = std::iter::once(take).chain(&scene.others);
            clip(scene, take, rate, &markers, &references(takes, paths))
        }
        None => gap(scene, rate, &markers),
    }
}

/// The sound of the take that counts; silence has the length of its picture.
fn sound(scene: &Scene, rate: Rate, paths: &Paths) -> Value {
    match &scene.shown {
        Some(take) if take.has_sound => {
            let only = references(std::iter::once(take), paths);
            clip(scene, take, rate, &[], &only)
        }
        _ => gap(scene, rate, &[]),
    }
}

fn clip(
    scene: &Scene,
    take: &Take,
    rate: Rate,
    markers: &[Value],
    references: &Map<String, Value>,
) -> Value {
    json!({
        "OTIO_SCHEMA": "Clip.2",
        "name": scene.id,
        "metadata": { "runner": metadata(scene) },
        "source_range": range(scene.frames(rate), rate),
        "effects": [],
        "markers": markers,
        "enabled": true,
        "media_references": references,
        "active_media_reference_key": take.sha256,
    })
}

fn gap(scene: &Scene, rate: Rate, markers: &[Value]) -> Value {
    json!({
        "OTIO_SCHEMA": "Gap.1",
        "name": scene.id,
        "metadata": { "runner": metadata(scene) },
        "source_range": range(scene.frames(rate), rate),
        "effects": [],
        "markers": markers,
        "enabled": true,
    })
}

/// One for each take, by its digest. Two attempts may have come to the same bytes.
fn references<'t>(takes: impl Iterator<Item = &'t Take>, paths: &Paths) -> Map<String, Value> {
    let mut references = Map::new();
    for take in takes {
        references
            .entry(take.sha256.clone())
            .or_insert_with(|| reference(take, paths));
    }
    references
}

fn reference(take: &Take, paths: &Paths) -> Value {
    json!({
        "OTIO_SCHEMA": "ExternalReference.1",
        "name": take.file_name(),
        "metadata": { "runner": made(take) },
        "available_range": range(take.frames, take.rate),
        "available_image_bounds": null,
        "target_url": paths.target(&take.path),
    })
}

fn marker(scene: &Scene, rate: Rate) -> Value {
    json!({
        "OTIO_SCHEMA": "Marker.2",
        "name": scene.id,
        "metadata": { "runner": { "prompt": scene.prompt, "camera": scene.camera } },
        "color": if scene.shown.is_some() { "GREEN" } else { "RED" },
        "marked_range": range(1, rate),
        "comment": scene.note(),
    })
}

/// What `retime` finds a shot by, and what an author may want to know of it.
fn metadata(scene: &Scene) -> Value {
    let mut metadata = json!({
        "shot": scene.id,
        "state": scene.state,
        "mode": scene.mode,
        "model": scene.model,
        "resolution": scene.resolution,
        "planned_seconds": scene.seconds,
        "prompt": scene.prompt,
        "camera": scene.camera,
        "request": link::shown(&scene.request),
        "fingerprint": scene.fingerprint,
    });
    if let Some(fields) = metadata.as_object_mut() {
        if let Some(take) = &scene.shown {
            fields.extend(made_fields(take.made.as_ref()));
        } else {
            fields.insert("reason".to_owned(), json!(scene.reason));
            let takes: Vec<&str> = scene.others.iter().map(|take| take.file.as_str()).collect();
            fields.insert("earlier_takes".to_owned(), json!(takes));
        }
    }
    metadata
}

fn made(take: &Take) -> Value {
    let mut fields = Map::new();
    fields.insert("sha256".to_owned(), json!(take.sha256));
    fields.insert("file".to_owned(), json!(take.file));
    fields.insert("codec".to_owned(), json!(take.codec));
    fields.extend(made_fields(take.made.as_ref()));
    if let Some(made) = &take.made {
        let request = link::shown(&made.request);
        fields.insert("request".to_owned(), Value::Object(request));
        fields.insert("fingerprint".to_owned(), json!(made.fingerprint));
    }
    Value::Object(fields)
}

fn made_fields(made: Option<&Made>) -> Vec<(String, Value)> {
    let Some(made) = made else { return Vec::new() };
    let price = made
        .price
        .as_ref()
        .map(|price| json!({ "amount": price.decimal(), "currency": price.currency() }));
    let field = |name: &str, value: Value| (name.to_owned(), value);
    vec![
        field("attempt_id", json!(made.attempt)),
        field("task_id", json!(made.task)),
        field("intended_at", json!(made.at)),
        field("price", json!(price)),
    ]
}

fn range(frames: u64, rate: Rate) -> Value {
    json!({
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": time(0, rate),
        "duration": time(frames, rate),
    })
}

/// Numbers with a point, as the reference library writes them.
fn time(frames: u64, rate: Rate) -> Value {
    json!({
        "OTIO_SCHEMA": "RationalTime.1",
        "rate": rate.fps(),
        "value": frames as f64,
    })
}
