//! What a rendered clip is, byte for byte and frame for frame.

use super::*;
use crate::media::probe::probe;

const MOVES: &[Vec<Move>] = &[];

fn request(seed: u64) -> ClipRequest<'static> {
    ClipRequest {
        width: 128,
        height: 72,
        duration_ms: 500,
        fps: 24,
        seed,
        title: "opening",
        prompt: "a harbour at dawn, 清晨的港口",
        moves: MOVES,
        first_frame: None,
        last_frame: None,
    }
}

fn png(colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(40, 30, image::Rgb(colour))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a small picture encodes");
    bytes.into_inner()
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    let first = render(&request(1)).expect("the request is sound");
    assert_eq!(first, render(&request(1)).expect("the request is sound"));
    assert_ne!(first, render(&request(2)).expect("the request is sound"));
}

#[test]
fn tiny_clips_differ_by_anything_a_viewer_could_see() {
    let base = request(1);
    let (red, blue) = (png([255, 0, 0]), png([0, 0, 255]));
    let variants = [
        base,
        ClipRequest { seed: 2, ..base },
        ClipRequest {
            title: "ending",
            ..base
        },
        ClipRequest {
            prompt: "rain",
            ..base
        },
        ClipRequest {
            first_frame: Some(&red),
            ..base
        },
        ClipRequest {
            first_frame: Some(&blue),
            ..base
        },
        ClipRequest {
            last_frame: Some(&blue),
            ..base
        },
    ];
    let clips = variants.map(|request| render_tiny(&request).expect("the request is sound"));
    for (index, clip) in clips.iter().enumerate() {
        assert!(!clips[..index].contains(clip), "clip {index}");
    }
    assert_eq!(clips[0], render_tiny(&base).expect("the request is sound"));
}

#[test]
fn probe_reads_back_what_was_asked() {
    for (width, height, duration_ms, frames) in [
        (1366, 768, 6000, 144),
        (720, 1280, 10_000, 240),
        (64, 64, 1234, 30),
    ] {
        let request = ClipRequest {
            width,
            height,
            duration_ms,
            ..request(7)
        };
        let clip = render_tiny(&request).expect("the request is sound");
        let info = probe(Cursor::new(&clip)).expect("the clip is whole");
        assert_eq!(
            (info.duration_ms, info.frames),
            (u64::from(duration_ms), frames)
        );
        assert!((info.fps - 24.0).abs() < 1e-9);
        assert_eq!((info.width, info.height), tiny_size(width, height, None));
        assert!(!info.has_audio);
    }
    let clip = render(&request(7)).expect("the request is sound");
    let info = probe(Cursor::new(&clip)).expect("the clip is whole");
    assert_eq!(
        (info.width, info.height, info.duration_ms, info.frames),
        (128, 72, 500, 12)
    );
    assert!(info.codec.starts_with("avc1.42"), "{}", info.codec);
}

#[test]
fn stills_fill_first_and_last_frame() {
    let (red, blue) = (png([255, 0, 0]), png([0, 0, 255]));
    let request = ClipRequest {
        first_frame: Some(&red),
        last_frame: Some(&blue),
        ..request(1)
    };
    let clip = render(&request).expect("the request is sound");
    let without = render(&ClipRequest {
        last_frame: None,
        ..request
    })
    .expect("the request is sound");
    assert_ne!(clip, without);
}

#[test]
fn numbers_out_of_bounds_are_refused() {
    let base = request(1);
    for wrong in [
        ClipRequest { width: 127, ..base },
        ClipRequest { height: 0, ..base },
        ClipRequest {
            width: 3840,
            height: 3840,
            ..base
        },
        ClipRequest {
            duration_ms: 0,
            ..base
        },
        ClipRequest { fps: 0, ..base },
    ] {
        assert!(matches!(render(&wrong), Err(ClipError::Bounds { .. })));
        assert!(matches!(render_tiny(&wrong), Err(ClipError::Bounds { .. })));
    }
    let wrong = ClipRequest {
        first_frame: Some(b"no picture"),
        ..base
    };
    assert!(matches!(render(&wrong), Err(ClipError::Still(_))));
    assert!(matches!(render_tiny(&wrong), Err(ClipError::Still(_))));
}
