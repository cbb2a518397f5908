//! Where the window is for every move, and that it never jumps.

use super::*;

const FRAMES: u64 = 144;

fn windows(steps: &[&[Move]], depth: i64) -> Vec<Window> {
    let steps: Vec<Vec<Move>> = steps.iter().map(|step| step.to_vec()).collect();
    let path = Path::new(&steps, FRAMES, 24);
    (0..FRAMES)
        .map(|frame| path.view(frame).window(depth))
        .collect()
}

#[test]
fn ids_read_back() {
    for each in Move::ALL {
        assert_eq!(Move::from_id(each.id()), Some(each));
    }
    assert_eq!(Move::from_id("dolly_zoom"), None);
}

#[test]
fn push_in_shrinks_the_window_and_the_near_more() {
    let near = windows(&[&[Move::PushIn]], ONE);
    let far = windows(&[&[Move::PushIn]], 0);
    assert!(near.windows(2).all(|pair| pair[1].size <= pair[0].size));
    assert_eq!(near[0].size, ONE);
    assert!(near[143].size < ONE * 3 / 4 && far[143].size > ONE * 9 / 10);
    let zoomed = windows(&[&[Move::ZoomIn]], 0);
    assert!(zoomed[143].size < ONE * 3 / 4);
}

#[test]
fn opposite_moves_are_opposite() {
    use Move::{PanLeft, PanRight, TiltDown, TiltUp};
    let (left, right) = (windows(&[&[PanLeft]], ONE), windows(&[&[PanRight]], ONE));
    let (up, down) = (windows(&[&[TiltUp]], ONE), windows(&[&[TiltDown]], ONE));
    for frame in 0..144 {
        assert!((left[frame].center_x + right[frame].center_x - ONE).abs() <= 2);
        assert!((up[frame].center_y + down[frame].center_y - ONE).abs() <= 2);
    }
    assert!(left[143].center_x < left[0].center_x - ONE / 5);
    assert!(up[143].center_y < up[0].center_y - ONE / 5);
}

#[test]
fn trucks_have_parallax_and_pans_have_none() {
    let way = |step: Move, depth| {
        let all = windows(&[&[step]], depth);
        all[143].center_x - all[0].center_x
    };
    assert_eq!(way(Move::PanRight, 0), way(Move::PanRight, ONE));
    assert!(way(Move::TruckRight, ONE) > 3 * way(Move::TruckRight, 0));
}

#[test]
fn static_stands_and_nothing_drifts() {
    let still = windows(&[&[Move::StaticShot]], ONE);
    assert!(still.iter().all(|window| *window == still[0]));
    let drift = windows(&[], ONE);
    assert_ne!(drift[0], drift[143]);
}

#[test]
fn every_path_is_continuous_and_stays_in_the_world() {
    for first in Move::ALL {
        for second in Move::ALL {
            let steps: [&[Move]; 3] = [&[first], &[second, first], &[second, Move::Shake]];
            for depth in [0, ONE / 2, ONE] {
                check(&windows(&steps, depth));
            }
        }
    }
    let many = vec![[Move::PushIn, Move::PanLeft].as_slice(); 40];
    check(&windows(&many, ONE));
}

#[test]
fn going_on_begins_on_the_whole_picture_and_stays_in_the_world() {
    for first in Move::ALL {
        for second in Move::ALL {
            let steps = [vec![first], vec![second, first], vec![second, Move::Shake]];
            let path = Path::onward(&steps, FRAMES, 24);
            let windows: Vec<Window> = (0..FRAMES)
                .map(|frame| path.view(frame).window(ONE))
                .collect();
            let whole = Window {
                center_x: ONE / 2,
                center_y: ONE / 2,
                size: CORE,
            };
            assert_eq!(windows[0], whole, "{steps:?}");
            check(&windows);
        }
    }
    let end = |step: Move| Path::onward(&[vec![step]], 10, 24).view(9).window(ONE);
    assert!(end(Move::PullOut).size > CORE * 5 / 4);
    assert!(end(Move::ZoomIn).size < CORE * 4 / 5);
    assert!(end(Move::PanRight).center_x > ONE * 6 / 10);
    assert!(end(Move::TiltUp).center_y < ONE * 4 / 10);
}

fn check(windows: &[Window]) {
    for window in windows {
        let half = window.size / 2;
        assert!(window.size > ONE / 8, "{window:?}");
        assert!(
            window.center_x - half >= -8 && window.center_x + half <= ONE + 8,
            "{window:?}"
        );
        assert!(
            window.center_y - half >= -8 && window.center_y + half <= ONE + 8,
            "{window:?}"
        );
    }
    for pair in windows.windows(2) {
        let jump = (pair[1].center_x - pair[0].center_x)
            .abs()
            .max((pair[1].center_y - pair[0].center_y).abs())
            .max((pair[1].size - pair[0].size).abs());
        assert!(jump < ONE / 12, "{pair:?}");
    }
}
