//! Contact sheets and storyboards of made-up frames: no video is needed.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use image::{Rgb, RgbImage};
use proptest::prelude::{ProptestConfig, prop_assert, proptest};

use super::paper::{Item, flow};
use super::{
    Card, Film, Grid, GridOptions, Paper, Place, Print, Prints, State, Still, Stills, Storyboard,
    Tone, camera_commands, clock, fitted, paint,
};
use crate::media::thumbnail::jpeg;
use crate::spec::Spec;

const LINE: &str = "清晨的老街上，一位穿红色大衣的女孩推着自行车慢慢走过，远处传来火车的汽笛声。";

fn card(number: usize, id: &str, prompt: &str, size: Option<(u32, u32)>) -> Card {
    let state = match size {
        Some(_) => ("saved", Tone::Good, ""),
        None => (
            "failed",
            Tone::Trouble,
            "the service refused the prompt (1026)",
        ),
    };
    Card {
        number,
        id: id.to_owned(),
        model: "MiniMax-Hailuo-2.3".to_owned(),
        mode: "T2V".to_owned(),
        resolution: "768P".to_owned(),
        length: Duration::from_secs(6),
        start: Some(Duration::from_secs(6 * (number as u64 - 1))),
        state: State {
            word: state.0.to_owned(),
            tone: state.1,
            reason: state.2.to_owned(),
        },
        prompt: prompt.to_owned(),
        camera: camera_commands(prompt, Spec::bundled()),
        size,
    }
}

fn film(count: usize) -> Film {
    let shot = |number| {
        let size = (number % 4 != 0).then_some((1366, 768));
        let prompt = match number % 3 {
            0 => format!("{LINE}[推进]"),
            1 => "A boat leaves the harbour. [Push in]".to_owned(),
            _ => format!("Gulls over the pier, again and again. {LINE}{LINE}{LINE}{LINE}"),
        };
        card(number, &format!("shot-{number}"), &prompt, size)
    };
    Film {
        title: "The harbour · 港口".to_owned(),
        cards: (1..=count).map(shot).collect(),
    }
}

fn stills(film: &Film, frames: usize, cell: (u32, u32)) -> Vec<Stills> {
    let still = |shade: usize| Still {
        picture: RgbImage::from_fn(cell.0, cell.1, |x, y| {
            Rgb([x as u8, y as u8, (shade * 37) as u8])
        }),
        time: Duration::from_secs(shade as u64),
    };
    let of = |card: &Card| match card.size {
        Some(_) => Ok((0..frames).map(still).collect()),
        None => Ok(Vec::new()),
    };
    film.cards.iter().map(of).collect()
}

fn prints(film: &Film, frames: usize) -> Vec<Prints> {
    let print = |still: Still| Print {
        jpeg: Arc::new(jpeg(&still.picture).expect("it has pixels")),
        width: still.picture.width(),
        height: still.picture.height(),
        time: still.time,
    };
    stills(film, frames, (64, 36))
        .into_iter()
        .map(|stills| stills.map(|stills| stills.into_iter().map(print).collect()))
        .collect()
}

fn grid(film: &Film, columns: Option<usize>, frames: usize) -> Grid {
    Grid::new(film, GridOptions { columns, frames })
}

/// What a reviewer wants to see of a sheet: where everything stands.
fn places(film: &Film, grid: &Grid) -> String {
    let mut text = String::new();
    for (number, page) in grid.pages.iter().enumerate() {
        let _ = writeln!(text, "page {} {}x{}", number + 1, page.width, page.height);
        for (card, set) in film.cards[page.cards.clone()].iter().zip(&page.set) {
            let Place {
                left,
                top,
                width,
                height,
            } = set.cells[0];
            let cells = set.cells.len();
            let _ = writeln!(
                text,
                "{} {cells} of {width}x{height} at {left},{top}, id at {}, lines {}",
                card.id,
                set.base,
                set.prompt.len()
            );
        }
    }
    text
}

#[test]
fn cards_stand_in_storyboard_order() {
    let film = film(7);
    insta::assert_snapshot!("one-frame", places(&film, &grid(&film, None, 1)));
    insta::assert_snapshot!("three-frames", places(&film, &grid(&film, None, 3)));
}

#[test]
fn five_hundred_shots_become_pages_that_every_viewer_opens() {
    let film = film(500);
    let grid = grid(&film, None, 1);
    assert!((5..20).contains(&grid.pages.len()), "{}", grid.pages.len());
    let mut next = 0;
    for page in &grid.pages {
        assert_eq!(page.cards.start, next);
        next = page.cards.end;
        assert!(page.height <= 4096 && page.set.len() == page.cards.len());
    }
    assert_eq!(next, 500);
}

#[test]
fn nothing_at_all_is_an_empty_sheet() {
    let film = film(0);
    let grid = grid(&film, None, 1);
    assert_eq!(grid.pages.len(), 1);
    assert_eq!(paint(&film, &grid, 0, &[]).width(), 1920);
    assert_eq!(grid.pages[0].cell(), (1, 1));
}

#[test]
fn the_same_film_is_the_same_picture() {
    let film = film(5);
    let grid = grid(&film, None, 2);
    let stills = stills(&film, 2, grid.pages[0].cell());
    let first = paint(&film, &grid, 0, &stills);
    assert_eq!(first, paint(&film, &grid, 0, &stills));
    // Where the first frame stands, its own pixels are seen.
    let cell = grid.pages[0].set[0].cells[0];
    let (x, y) = (cell.left as u32, cell.top as u32);
    assert_eq!(first.get_pixel(x + 70, y + 90), &Rgb([70, 90, 0]));
}

#[test]
fn a_shot_without_frames_says_why_in_its_place() {
    let film = film(4);
    let grid = grid(&film, Some(2), 1);
    let mut given = stills(&film, 1, grid.pages[0].cell());
    let whole = paint(&film, &grid, 0, &given);
    given[0] = Err("damaged video".to_owned());
    let broken = paint(&film, &grid, 0, &given);
    let cell = grid.pages[0].set[0].cells[0];
    let changed = |x: i64, y: i64| {
        whole.get_pixel(x as u32, y as u32) != broken.get_pixel(x as u32, y as u32)
    };
    let inside = (cell.left..cell.left + cell.width)
        .flat_map(|x| (cell.top..cell.bottom()).map(move |y| (x, y)));
    let count = inside.filter(|(x, y)| changed(*x, *y)).count() as i64;
    assert!(count > cell.width * cell.height * 9 / 10, "{count}");
    // An empty card is dark, but for its words.
    let words = grid.pages[0].set[3].cells[0];
    let lit = (words.left..words.left + words.width)
        .flat_map(|x| (words.top..words.bottom()).map(move |y| (x, y)))
        .filter(|(x, y)| whole.get_pixel(*x as u32, *y as u32).0[0] > 100)
        .count();
    assert!(lit > 200, "{lit}");
}

#[test]
fn pictures_keep_their_shape() {
    assert_eq!(fitted((400, 225), (1920, 1080)), (400, 225));
    // 1366x768 is not exactly 16:9, and no reason for bars.
    assert_eq!(fitted((400, 225), (1366, 768)), (400, 225));
    assert_eq!(fitted((400, 225), (768, 1366)), (126, 225));
    assert_eq!(fitted((400, 225), (1, 100_000)), (1, 225));
    assert_eq!(fitted((1, 1), (1366, 768)), (1, 1));
}

#[test]
fn camera_commands_are_told_from_other_brackets() {
    let prompt = "He reads [a sign]. [Push in] 然后[左摇,上升]。[Push in";
    let found = camera_commands(prompt, Spec::bundled());
    let found: Vec<&str> = found.into_iter().map(|range| &prompt[range]).collect();
    assert_eq!(found, ["[Push in]", "[左摇,上升]"]);
}

#[test]
fn times_are_as_on_a_clock() {
    assert_eq!(clock(Duration::from_millis(5958)), "0:06.0");
    assert_eq!(clock(Duration::from_millis(62_500)), "1:02.5");
    assert_eq!(clock(Duration::from_secs(3600)), "1:00:00.0");
}

fn texts(items: &[Item]) -> impl Iterator<Item = &str> {
    items.iter().filter_map(|item| match item {
        Item::Text { text, .. } => Some(text.as_str()),
        _ => None,
    })
}

#[test]
fn a_long_chinese_prompt_flows_on_and_nothing_is_cut() {
    let prompt = format!("{}\n\n[推进] 🦀 终。", LINE.repeat(120));
    let film = Film {
        title: "长".to_owned(),
        cards: vec![card(1, "长镜头", &prompt, Some((1366, 768)))],
    };
    for (paper, frames) in [(Paper::A4, 3), (Paper::Letter, 1)] {
        let prints = prints(&film, frames);
        let pages = flow(&film, paper, frames, &prints);
        assert!(pages.len() >= 3, "{}", pages.len());
        let all: String = pages
            .iter()
            .flat_map(|page| texts(page))
            .filter(|text| !text.contains("continued") && !text.contains(" / "))
            .collect();
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        // Headings and feet stand between; they are taken out above and here.
        let all = bare(&all).replace("01saved", "").replace("长saved", "");
        let all = all.replace("长清", "清").replace("长01", "");
        let wanted = bare(&prompt);
        let tail: String = wanted.chars().rev().take(30).collect();
        let tail: String = tail.chars().rev().collect();
        assert!(all.contains(&tail), "{all}");
        let of = |text: &str| text.chars().filter(|each| *each == '笛').count();
        assert_eq!(of(&all), of(&wanted));
        for page in &pages {
            assert!(texts(page).any(|text| text.ends_with(&format!("/ {}", pages.len()))));
        }
    }
}

#[test]
fn a_storyboard_is_the_same_bytes_twice_and_has_no_date() {
    let film = film(9);
    let prints = prints(&film, 3);
    let storyboard = Storyboard {
        film: &film,
        paper: Paper::A4,
        frames: 3,
        prints: &prints,
    };
    let bytes = storyboard.pdf().expect("it can be printed");
    assert!(bytes.starts_with(b"%PDF-1."));
    assert_eq!(bytes, storyboard.pdf().expect("it can be printed"));
    let has = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    for date in [
        &b"CreationDate"[..],
        b"ModDate",
        b"CreateDate",
        b"ModifyDate",
    ] {
        assert!(!has(date), "{}", String::from_utf8_lossy(date));
    }
    // Seven frames in JPEG for the shots that have them, and the font once.
    assert!(has(b"DCTDecode") && has(b"RunnerCaptionSans"));
}

#[test]
fn a_broken_picture_is_told_and_a_missing_one_is_not_drawn() {
    let film = film(1);
    let broken = Print {
        jpeg: Arc::new(b"no picture".to_vec()),
        width: 10,
        height: 10,
        time: Duration::ZERO,
    };
    let storyboard = |prints: &[Prints]| {
        Storyboard {
            film: &film,
            paper: Paper::Letter,
            frames: 1,
            prints,
        }
        .pdf()
    };
    let error = storyboard(&[Ok(vec![broken])]).expect_err("it is no JPEG");
    assert!(error.to_string().contains("shot-1"), "{error}");
    assert!(storyboard(&[]).is_ok());
    assert!(storyboard(&[Err("damaged".to_owned())]).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn cards_never_overlap_nor_leave_their_page(
        count in 1usize..70, columns in 0usize..13, frames in 1usize..25,
        portrait in proptest::bool::ANY,
    ) {
        let mut film = film(count);
        if portrait {
            for card in &mut film.cards {
                card.size = Some((768, 1366));
            }
        }
        let grid = grid(&film, (columns > 0).then_some(columns), frames);
        for page in &grid.pages {
            let cells: Vec<Place> =
                page.set.iter().flat_map(|card| card.cells.iter().copied()).collect();
            for (at, a) in cells.iter().enumerate() {
                prop_assert!(a.left >= 0 && a.left + a.width <= page.width);
                prop_assert!(a.top >= 0 && a.bottom() < page.height);
                for b in &cells[at + 1..] {
                    let apart = a.left + a.width <= b.left || b.left + b.width <= a.left
                        || a.bottom() <= b.top || b.bottom() <= a.top;
                    prop_assert!(apart, "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn print_stays_within_the_margins(
        count in 1usize..20, frames in 1usize..25, portrait in proptest::bool::ANY,
        letter in proptest::bool::ANY,
    ) {
        let mut film = film(count);
        if portrait {
            for card in &mut film.cards {
                card.size = Some((768, 1366));
            }
        }
        let paper = if letter { Paper::Letter } else { Paper::A4 };
        let (width, height) = paper.size();
        let prints = prints(&film, frames);
        for page in flow(&film, paper, frames, &prints) {
            for item in &page {
                let (left, right, bottom) = match item {
                    Item::Text { left, base, .. } => (*left, *left, *base),
                    Item::Picture { place, .. } | Item::Frame { place }
                    | Item::Block { place, .. } =>
                        (place.left, place.left + place.width, place.bottom()),
                    Item::Shot { top, .. } => (900, 900, *top),
                };
                prop_assert!(left >= 900 && right <= width - 900 && bottom <= height - 600);
            }
        }
    }
}
