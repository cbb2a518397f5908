//! Sample entries of video tracks: frame size and the codec's name after RFC 6381.

use mp4_atom::{FourCC, Hvcc};

use super::boxes::{Box, find, find_leaf, spelled};
use super::probe::ProbeError;

/// What a sample entry says about the pictures.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) codec: String,
}

/// Length of the fields every video sample entry begins with; boxes follow.
const FIXED: usize = 78;

/// Reads the first sample entry of a track.
pub(crate) fn entry(Box { kind, body }: Box<'_>) -> Result<Entry, ProbeError> {
    let number = |at: usize| {
        body.get(at..at + 2)
            .map(|two| u32::from(two[0]) << 8 | u32::from(two[1]))
    };
    let (Some(width @ 1..), Some(height @ 1..), Some(boxes)) =
        (number(24), number(26), body.get(FIXED..))
    else {
        return Err(ProbeError::Damaged(format!(
            "the sample entry {} has no frame size",
            spelled(kind)
        )));
    };
    let codec = name(kind, boxes)?.unwrap_or_else(|| spelled(kind));
    Ok(Entry {
        width,
        height,
        codec,
    })
}

/// The full name, if the codec's configuration is there and known.
fn name(kind: FourCC, boxes: &[u8]) -> Result<Option<String>, ProbeError> {
    Ok(match kind.as_ref() {
        b"avc1" | b"avc3" => find(boxes, *b"avcC")?.and_then(|body| avc(kind, body)),
        b"hvc1" | b"hev1" => find_leaf(boxes)?.map(|config| hevc(kind, &config)),
        b"av01" => find(boxes, *b"av1C")?.and_then(av1),
        b"vp09" => find(boxes, *b"vpcC")?.and_then(vp9),
        _ => None,
    })
}

fn avc(kind: FourCC, body: &[u8]) -> Option<String> {
    let [profile, flags, level] = body.get(1..4)?.try_into().ok()?;
    Some(format!("{kind}.{profile:02X}{flags:02X}{level:02X}"))
}

fn hevc(kind: FourCC, config: &Hvcc) -> String {
    let space = ["", "A", "B", "C"][usize::from(config.general_profile_space & 3)];
    let compatible = u32::from_be_bytes(config.general_profile_compatibility_flags).reverse_bits();
    let tier = if config.general_tier_flag { 'H' } else { 'L' };
    let constraints = &config.general_constraint_indicator_flags;
    let used = constraints
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    let (profile, level) = (config.general_profile_idc, config.general_level_idc);
    let name = format!("{kind}.{space}{profile}.{compatible:X}.{tier}{level}");
    constraints[..used]
        .iter()
        .fold(name, |name, byte| format!("{name}.{byte:X}"))
}

fn av1(body: &[u8]) -> Option<String> {
    let [profile, flags] = body.get(1..3)?.try_into().ok()?;
    let tier = if flags & 0x80 == 0 { 'M' } else { 'H' };
    let depth = match flags >> 5 & 3 {
        0 | 1 => 8,
        2 => 10,
        _ => 12,
    };
    Some(format!(
        "av01.{}.{:02}{tier}.{depth:02}",
        profile >> 5,
        profile & 31
    ))
}

fn vp9(body: &[u8]) -> Option<String> {
    // Four bytes of version and flags come first.
    let [profile, level, depth] = body.get(4..7)?.try_into().ok()?;
    Some(format!("vp09.{profile:02}.{level:02}.{:02}", depth >> 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rfc() {
        assert_eq!(
            avc(FourCC::new(b"avc1"), &[1, 0x42, 0xc0, 0x1f]).as_deref(),
            Some("avc1.42C01F")
        );
        assert_eq!(
            av1(&[0x81, 0x08, 0x0c, 0]).as_deref(),
            Some("av01.0.08M.08")
        );
        assert_eq!(
            vp9(&[1, 0, 0, 0, 0, 31, 0x82]).as_deref(),
            Some("vp09.00.31.08")
        );
        let config = Hvcc {
            general_profile_idc: 1,
            general_profile_compatibility_flags: [0x60, 0, 0, 0],
            general_constraint_indicator_flags: [0xb0, 0, 0, 0, 0, 0],
            general_level_idc: 93,
            ..Hvcc::default()
        };
        assert_eq!(hevc(FourCC::new(b"hvc1"), &config), "hvc1.1.6.L93.B0");
    }
}
