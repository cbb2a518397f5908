//! Names for the numbers of ITU-T H.273, as ffmpeg spells them.

/// Nothing is said.
const UNKNOWN: u8 = 2;

pub(super) fn chroma(number: u32) -> &'static str {
    match number {
        0 => "4:0:0",
        1 => "4:2:0",
        2 => "4:2:2",
        _ => "4:4:4",
    }
}

pub(super) fn matrix(number: u8) -> Option<String> {
    let known = match number {
        0 => "gbr",
        1 => "bt709",
        4 => "fcc",
        5 => "bt470bg",
        6 => "smpte170m",
        7 => "smpte240m",
        8 => "ycgco",
        9 => "bt2020nc",
        10 => "bt2020c",
        14 => "ictcp",
        _ => return other(number),
    };
    Some(known.to_owned())
}

pub(super) fn primaries(number: u8) -> Option<String> {
    let known = match number {
        1 => "bt709",
        4 => "bt470m",
        5 => "bt470bg",
        6 => "smpte170m",
        7 => "smpte240m",
        8 => "film",
        9 => "bt2020",
        11 => "smpte431",
        12 => "smpte432",
        _ => return other(number),
    };
    Some(known.to_owned())
}

pub(super) fn transfer(number: u8) -> Option<String> {
    let known = match number {
        1 => "bt709",
        4 => "bt470m",
        5 => "bt470bg",
        6 => "smpte170m",
        7 => "smpte240m",
        8 => "linear",
        13 => "iec61966-2-1",
        14 => "bt2020-10",
        15 => "bt2020-12",
        16 => "smpte2084",
        18 => "arib-std-b67",
        _ => return other(number),
    };
    Some(known.to_owned())
}

fn other(number: u8) -> Option<String> {
    (number != UNKNOWN).then(|| format!("{number}"))
}
