//! The moods of generated scenes: colours that go together, chosen by hand.

use super::noise::pick;

/// An RGB colour.
pub(crate) type Colour = [u8; 3];

/// The colours of one mood.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    /// The sky from the top over the middle to the horizon.
    pub(crate) sky: [Colour; 3],
    /// Sun or moon.
    pub(crate) disc: Colour,
    /// Clouds at their thickest.
    pub(crate) cloud: Colour,
    /// The far, middle and near ground.
    pub(crate) ground: [Colour; 3],
    /// Lit windows and glints.
    pub(crate) light: Colour,
    /// Whether there are stars and most windows are lit.
    pub(crate) night: bool,
}

const fn rgb(hex: u32) -> Colour {
    [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8]
}

const fn mood(
    sky: [u32; 3],
    disc: u32,
    cloud: u32,
    ground: [u32; 3],
    light: u32,
    night: bool,
) -> Palette {
    Palette {
        sky: [rgb(sky[0]), rgb(sky[1]), rgb(sky[2])],
        disc: rgb(disc),
        cloud: rgb(cloud),
        ground: [rgb(ground[0]), rgb(ground[1]), rgb(ground[2])],
        light: rgb(light),
        night,
    }
}

const MOODS: [Palette; 10] = [
    // Dusk in orange and violet.
    mood(
        [0x2b_1b4d, 0xa8_3f6f, 0xff_9a56],
        0xff_e9b0,
        0xff_b48a,
        [0x7a_3b6b, 0x47_2452, 0x1c_1230],
        0xff_d27a,
        false,
    ),
    // Deep blue night.
    mood(
        [0x05_0b24, 0x0f_2350, 0x2d_4f86],
        0xf4_f1dc,
        0x3b_5a92,
        [0x1d_335f, 0x11_2143, 0x07_0e22],
        0xff_d98a,
        true,
    ),
    // Clear morning.
    mood(
        [0x2e_7fd0, 0x7f_bdf0, 0xe8_f4ff],
        0xff_fbe6,
        0xff_ffff,
        [0x8f_b3cf, 0x5a_84a0, 0x2b_4a63],
        0xff_f3c4,
        false,
    ),
    // Rose dawn.
    mood(
        [0x4d_5b9e, 0xc9_8bb4, 0xff_d7c2],
        0xff_f6e0,
        0xff_e4e0,
        [0xa0_7ba6, 0x6c_5685, 0x35_2d52],
        0xff_e1a8,
        false,
    ),
    // Green northern night.
    mood(
        [0x04_1220, 0x0b_3a44, 0x2f_8a72],
        0xe8_fff2,
        0x4f_c79a,
        [0x17_4a4c, 0x0d_2f36, 0x05_161d],
        0xb8_ffd0,
        true,
    ),
    // Desert at noon.
    mood(
        [0x3a_8fb7, 0x9f_d0d0, 0xff_e3b0],
        0xff_fff0,
        0xff_f4de,
        [0xe0_a878, 0xbf_7647, 0x6f_3d2a],
        0xff_edb0,
        false,
    ),
    // Rain in the city, grey and teal.
    mood(
        [0x2b_3740, 0x56_6b74, 0xa3_b4b4],
        0xe6_efee,
        0xc4_d0d0,
        [0x5f_737a, 0x3a_4c54, 0x17_2229],
        0xff_c56b,
        false,
    ),
    // Neon night in magenta and cyan.
    mood(
        [0x0d_0628, 0x3a_0f63, 0xc2_2e8a],
        0xff_b8ee,
        0x7a_2f9c,
        [0x3a_1566, 0x22_0d47, 0x0d_0522],
        0x58_f0ff,
        true,
    ),
    // Late summer gold.
    mood(
        [0x5c_7fa8, 0xd9_b382, 0xff_e08a],
        0xff_fadb,
        0xff_edc2,
        [0xb5_8d5a, 0x7d_6536, 0x38_3318],
        0xff_f0a0,
        false,
    ),
    // Red planet.
    mood(
        [0x2a_0d12, 0x7d_2a22, 0xe0_7b46],
        0xff_dfc4,
        0xc9_6a48,
        [0x8d_3b2c, 0x5a_2220, 0x26_0d10],
        0xff_c08a,
        false,
    ),
];

/// The number of a seed's mood.
pub(crate) fn number(seed: u64) -> usize {
    pick(seed, 1, MOODS.len() as u64) as usize
}

/// The mood of a seed.
pub(crate) fn palette(seed: u64) -> &'static Palette {
    &MOODS[number(seed)]
}

/// `share` (16.16) of the way from one colour to another.
pub(crate) fn between(from: Colour, to: Colour, share: i64) -> Colour {
    std::array::from_fn(|i| {
        let (a, b) = (i64::from(from[i]), i64::from(to[i]));
        (a + (((b - a) * share + (1 << 15)) >> 16)) as u8
    })
}
