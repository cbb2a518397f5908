//! How a caption is wrapped, cut and drawn.

use super::*;

#[test]
fn time_counts_hundredths() {
    let at = |frame| {
        time(Moment {
            frame,
            frames: 144,
            fps: 24,
            step: 0,
        })
    };
    assert_eq!(at(0), "00:00.00");
    assert_eq!(at(75), "00:03.12");
    assert_eq!(at(24 * 61), "01:01.00");
}

#[test]
fn the_active_step_changes_the_strip() {
    let steps = [vec![Move::PushIn, Move::PanLeft], vec![], vec![Move::Shake]];
    let words = Words {
        title: "opening",
        prompt: "老街 at dawn",
        steps: &steps,
        badge: "SIMULATED",
    };
    let caption = Caption::new(words, Fonts::embedded(), 320, 180);
    assert_eq!(caption.labels, ["push in + pan left", "hold", "shake"]);
    assert_ne!(
        caption.paint(0).picture.planes[0].data,
        caption.paint(1).picture.planes[0].data
    );
}

#[test]
fn tiny_frames_and_long_words_do_no_harm() {
    let steps = vec![vec![Move::TrackingShot; 9]; 12];
    let words = Words {
        title: &"title ".repeat(40),
        prompt: &"word".repeat(400),
        steps: &steps,
        badge: "SIMULATED",
    };
    for (width, height) in [(16, 16), (64, 36), (36, 640)] {
        let mut frame = Picture::new(width, height);
        let mut caption = Caption::new(words, Fonts::embedded(), width, height);
        for step in 0..12 {
            caption.write(
                Moment {
                    frame: 3,
                    frames: 10,
                    fps: 24,
                    step,
                },
                &mut frame,
            );
        }
    }
}
