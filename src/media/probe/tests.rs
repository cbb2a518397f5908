//! What a file has to be to count as a whole video, and what hostile ones do.

use std::io::Cursor;

use super::*;
use crate::media::boxes::Header;
use crate::media::clip::{ClipRequest, render_tiny};
use crate::media::noise::{hash, pick};

fn clip() -> Vec<u8> {
    let moves = [];
    let request = ClipRequest {
        width: 1366,
        height: 768,
        duration_ms: 1000,
        fps: 24,
        seed: 5,
        title: "shot",
        prompt: "words",
        moves: &moves,
        first_frame: None,
        last_frame: None,
    };
    render_tiny(&request).expect("the request is sound")
}

fn check(bytes: &[u8]) -> Result<VideoInfo, ProbeError> {
    probe(Cursor::new(bytes))
}

/// A box of a kind around some content.
fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let length = content.len() as u32 + 8;
    [&length.to_be_bytes(), &kind, content].concat()
}

/// Start and end of the index of one of our clips.
fn index_range(clip: &[u8]) -> (usize, usize) {
    let at = clip
        .windows(4)
        .position(|four| four == b"moov")
        .expect("our clips have an index")
        - 4;
    let length = Header::read(&clip[at..])
        .expect("the header is whole")
        .length as usize;
    (at, at + length)
}

#[test]
fn refuses_every_cut() {
    let clip = clip();
    for length in (0..clip.len())
        .rev()
        .step_by(7)
        .chain([clip.len() - 1, 1, 8, 16, 24, 32])
    {
        assert!(
            check(&clip[..length]).is_err(),
            "{length} of {} bytes",
            clip.len()
        );
    }
    assert!(matches!(
        check(&clip[..clip.len() - 1]),
        Err(ProbeError::Truncated { .. })
    ));
}

#[test]
fn finds_the_cut_even_when_the_data_box_hides_it() {
    let mut clip = clip();
    let (_, data) = index_range(&clip);
    // A length of 0 means "up to the end", so only the index knows better.
    clip[data..data + 4].fill(0);
    assert!(check(&clip).is_ok());
    let have = clip.len() as u64 - 1;
    let cut = check(&clip[..clip.len() - 1]);
    assert!(
        matches!(cut, Err(ProbeError::Truncated { need, have: left }) if need == have + 1 && left == have)
    );
}

#[test]
fn refuses_what_is_no_video() {
    let page = b"<!DOCTYPE html><html><body>Not found</body></html>";
    assert!(
        matches!(check(page), Err(ProbeError::NotMp4 { begins }) if begins.starts_with("<!DOCTYPE"))
    );
    assert!(matches!(
        check(b"{\"base_resp\":{}}"),
        Err(ProbeError::NotMp4 { .. })
    ));
    assert!(matches!(
        check(b""),
        Err(ProbeError::NotMp4 { .. } | ProbeError::Damaged(_))
    ));
    let empty = boxed(*b"moov", &[]);
    assert!(matches!(check(&empty), Err(ProbeError::NoVideoTrack)));
    assert!(matches!(
        check(&boxed(*b"ftyp", b"isom\0\0\0\0")),
        Err(ProbeError::Damaged(_))
    ));
}

#[test]
fn reads_an_index_behind_the_data() {
    let clip = clip();
    let (start, end) = index_range(&clip);
    let moved = (end - start) as u32;
    let mut index = clip[start..end].to_vec();
    let at = index
        .windows(4)
        .position(|four| four == b"stco")
        .expect("our clips have chunks")
        + 12;
    let offset = u32::from_be_bytes(index[at..at + 4].try_into().expect("four bytes"));
    index[at..at + 4].copy_from_slice(&(offset - moved).to_be_bytes());
    let late = [&clip[..start], &clip[end..], &index].concat();
    assert_eq!(
        check(&late).expect("nothing is missing"),
        check(&clip).expect("nothing is missing")
    );
    assert!(check(&late[..late.len() - 5]).is_err());
}

#[test]
fn deep_nesting_and_false_lengths_do_no_harm() {
    let mut nested = boxed(*b"trak", &[]);
    for _ in 0..2_000 {
        nested = boxed(*b"moov", &nested);
    }
    assert!(check(&nested).is_err());
    let mut huge = boxed(*b"moov", &[0; 64]);
    huge[..4].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(matches!(check(&huge), Err(ProbeError::Truncated { .. })));
    let long = [
        &1_u32.to_be_bytes()[..],
        b"mdat",
        &u64::MAX.to_be_bytes(),
        &[0; 32],
    ]
    .concat();
    assert!(matches!(check(&long), Err(ProbeError::Truncated { .. })));
}

#[test]
fn tracks_without_end_are_refused() {
    let clip = clip();
    let (start, end) = index_range(&clip);
    let index = &clip[start + 8..end];
    let track = children(index)
        .map(|child| child.expect("our clips are whole"))
        .find(|child| child.kind.as_ref() == b"trak")
        .map(|child| boxed(*b"trak", child.body))
        .expect("our clips have a track");
    let many = boxed(*b"moov", &track.repeat(MAX_TRACKS + 1));
    assert!(matches!(check(&many), Err(ProbeError::Damaged(what)) if what.contains("tracks")));
}

#[test]
fn random_damage_never_panics() {
    let clip = clip();
    let (start, end) = index_range(&clip);
    for round in 0..6_000 {
        let mut bytes = clip.clone();
        for change in 0..=pick(round, 0, 4) {
            let at = start + pick(round, 1 + change, (end - start) as u64) as usize;
            bytes[at] = (hash(round, 100 + change) >> 8) as u8;
        }
        let _ = check(&bytes);
    }
}

#[test]
fn fragments_are_counted_and_missed() {
    let clip = clip();
    let whole = fragmented(&clip);
    let info = check(&whole).expect("nothing is missing");
    assert_eq!((info.frames, info.duration_ms), (48, 2000));
    assert!((info.fps - 24.0).abs() < 1e-9);
    assert!(matches!(
        check(&whole[..whole.len() - 3]),
        Err(ProbeError::Truncated { .. })
    ));
    let mut lying = whole;
    let at = lying
        .windows(4)
        .rposition(|four| four == b"trun")
        .expect("just written")
        + 12;
    lying[at..at + 4].copy_from_slice(&0x00ff_ffff_u32.to_be_bytes());
    assert!(matches!(check(&lying), Err(ProbeError::Truncated { .. })));
}

/// Our clip with a fragment of 24 more frames of 10 bytes behind it.
fn fragmented(clip: &[u8]) -> Vec<u8> {
    let flags = 0x02_0000 | 0x08 | 0x10; // Relative to the moof, with default duration and size.
    let tfhd = [flags, 1, 1000, 10].map(u32::to_be_bytes).concat();
    let trun = |offset: u32| [1_u32, 24, offset].map(u32::to_be_bytes).concat();
    let moof = |offset| {
        boxed(
            *b"moof",
            &boxed(
                *b"traf",
                &[boxed(*b"tfhd", &tfhd), boxed(*b"trun", &trun(offset))].concat(),
            ),
        )
    };
    let offset = moof(0).len() as u32 + 8;
    [clip, &moof(offset), &boxed(*b"mdat", &[0; 240])].concat()
}
