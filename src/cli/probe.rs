//! `runner probe`: all about videos, for people and programs.
//!
//! Owns the words; what is known of a file, `media::inspect` finds out, and `media::measure` what it shows.

mod measures;

use std::fs::File;
use std::path::Path;

use serde_json::{Value, json};

use self::measures::Meter;
use crate::cli::args::ProbeArgs;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::media::inspect::{self, Container, Inspection, Sound, Video};

pub(super) fn probe(args: &ProbeArgs, console: &mut Console) -> Exit {
    let meter = match Meter::new(args) {
        Ok(meter) => meter,
        Err(reason) => {
            console.say(reason);
            return Exit::Usage;
        }
    };
    let mut exit = Exit::Success;
    let mut list = Vec::new();
    for file in &args.files {
        let found = look(file);
        match &found {
            Ok(found) if !found.whole && exit == Exit::Success => exit = Exit::ChecksFailed,
            Ok(_) => {}
            Err(_) => exit = Exit::Usage,
        }
        let measured = meter.as_ref().filter(|_| found.is_ok());
        let measured = measured.map(|meter| meter.measure(file));
        if args.json {
            let mut object = to_json(file, &found);
            if let Some(measured) = &measured {
                measures::add(&mut object, measured);
            }
            list.push(object);
        } else {
            show(file, &found, console);
            if let Some(measured) = &measured {
                measures::show(measured, console);
            }
        }
    }
    if args.json {
        console.data(format!("{:#}", Value::from(list)));
    }
    exit
}

fn look(file: &Path) -> Result<Inspection, String> {
    let opened = File::open(file).map_err(|error| error.to_string())?;
    if opened.metadata().is_ok_and(|data| data.is_dir()) {
        return Err("it is a folder".to_owned());
    }
    inspect::inspect(opened).map_err(|error| match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })
}

fn to_json(file: &Path, found: &Result<Inspection, String>) -> Value {
    let name = file.to_string_lossy().replace('\\', "/");
    let mut object = json!({ "file": name });
    let told = match found {
        Ok(found) => serde_json::to_value(found).unwrap_or_default(),
        Err(reason) => json!({ "whole": false, "problem": format!("cannot read it: {reason}") }),
    };
    if let (Some(object), Value::Object(told)) = (object.as_object_mut(), told) {
        object.extend(told);
    }
    object
}

fn show(file: &Path, found: &Result<Inspection, String>, console: &mut Console) {
    let found = match found {
        Ok(found) => found,
        Err(reason) => {
            console.say(format!("cannot read `{}`: {reason}", file.display()));
            return;
        }
    };
    console.data(file.display());
    let state = found.problem.as_deref().unwrap_or("yes");
    line(console, "whole", state);
    if let Some(container) = &found.container {
        let size = format!("{}, {} bytes", container_line(container), found.bytes);
        line(console, "container", size);
    }
    if let Some(video) = &found.video {
        video_lines(video, console);
    }
    if let Some(sound) = &found.sound {
        line(console, "sound", sound_line(sound));
    }
    if !found.other_tracks.is_empty() {
        line(console, "other tracks", found.other_tracks.join(", "));
    }
}

fn line(console: &mut Console, name: &str, value: impl std::fmt::Display) {
    console.data(format!("  {name:<12} {value}"));
}

fn container_line(container: &Container) -> String {
    let brand = container.brand.as_deref().unwrap_or("no brand");
    let mut text = format!("MP4 {brand}");
    let others: Vec<&str> = container
        .brands
        .iter()
        .map(String::as_str)
        .filter(|other| *other != brand)
        .collect();
    if !others.is_empty() {
        text = format!("{text} ({})", others.join(" "));
    }
    text.push_str(if container.faststart {
        ", index first"
    } else {
        ", index last"
    });
    match container.fragments {
        0 => {}
        1 => text.push_str(", 1 fragment"),
        count => text = format!("{text}, {count} fragments"),
    }
    text
}

fn video_lines(video: &Video, console: &mut Console) {
    let mut codec = vec![video.codec.clone()];
    codec.extend(video.profile.clone());
    codec.extend(video.level.as_ref().map(|level| format!("level {level}")));
    codec.extend(video.chroma.clone());
    codec.extend(video.bit_depth.map(|depth| format!("{depth} bits")));
    if video.interlaced == Some(true) {
        codec.push("may be interlaced".to_owned());
    }
    line(console, "video", codec.join(", "));
    line(console, "size", size_line(video));
    line(console, "colour", colour_line(video));
    line(console, "length", length_line(video));
    line(console, "frames", frames_line(video));
    line(console, "key frames", keys_line(video));
    if let Some(edits) = &video.edits {
        let hidden = match edits.hidden {
            0 => String::new(),
            hidden => format!(", {hidden} pictures never shown"),
        };
        line(
            console,
            "edit list",
            format!("{} entries{hidden}", edits.count).replacen("1 entries", "1 entry", 1),
        );
    }
    let rate = video.bit_rate_bps as f64 / 1000.0;
    line(console, "bit rate", format!("{rate:.0} kbit/s"));
}

fn size_line(video: &Video) -> String {
    let size = &video.size;
    let (width, height) = size.display;
    let mut text = format!("{width}x{height}");
    if size.pixel_aspect.0 != size.pixel_aspect.1 {
        let (width, height) = size.pixel_aspect;
        text = format!("{text}, pixels {width}:{height}");
    }
    if size.rotation_degrees != 0 {
        text = format!("{text}, turned by {} degrees", size.rotation_degrees);
    }
    if size.cropped != size.display {
        text = format!("{text}, stored as {}x{}", size.cropped.0, size.cropped.1);
    }
    match size.coded {
        Some(coded) if coded != size.cropped => {
            format!("{text}, coded as {}x{}", coded.0, coded.1)
        }
        _ => text,
    }
}

fn colour_line(video: &Video) -> String {
    let colour = &video.colour;
    let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "?".to_owned());
    let range = colour.range.as_deref().unwrap_or("limited (not said)");
    let all = [&colour.matrix, &colour.primaries, &colour.transfer];
    if all.iter().all(|value| value.is_none()) {
        return format!("not said, taken for {}, {range}", colour.used_matrix);
    }
    format!(
        "matrix {}, primaries {}, transfer {}, {range}",
        said(&colour.matrix),
        said(&colour.primaries),
        said(&colour.transfer)
    )
}

fn length_line(video: &Video) -> String {
    let start = match video.start_s {
        start if start > 0.0 => format!(", begins at {start:.3} s"),
        _ => String::new(),
    };
    format!("{:.3} s{start}", video.duration_s)
}

fn frames_line(video: &Video) -> String {
    let rate = &video.frame_rate;
    let kind = if rate.constant {
        "constant"
    } else {
        "variable"
    };
    let reorder = match video.reorder {
        0 => "no B-frames".to_owned(),
        depth => format!("B-frames, reordered over {depth}"),
    };
    format!(
        "{}, {:.3} a second, {kind}, {reorder}",
        video.frames, rate.fps
    )
}

fn keys_line(video: &Video) -> String {
    let keys = &video.key_frames;
    let (frames, seconds) = (keys.longest_distance, keys.longest_distance_s);
    format!(
        "{}, at most {frames} frames or {seconds:.2} s apart",
        keys.count
    )
}

fn sound_line(sound: &Sound) -> String {
    let channels = match sound.channels {
        1 => "mono".to_owned(),
        2 => "stereo".to_owned(),
        count => format!("{count} channels"),
    };
    format!(
        "{}, {channels}, {} Hz, {:.3} s",
        sound.codec, sound.rate_hz, sound.duration_s
    )
}
