//! What film people call a move that the documents call otherwise.
//!
//! Owns advice only: none of these is accepted as a command, since a model
//! reads the listed spellings and nothing else.

/// Other words without case and space, and the id of the command that they mean.
const OTHERS: [(&str, &[&str]); 15] = [
    (
        "push_in",
        &[
            "dollyin",
            "movein",
            "goin",
            "closein",
            "推近",
            "拉近",
            "推",
            "推镜头",
            "前推",
            "推入",
        ],
    ),
    (
        "pull_out",
        &[
            "dollyout",
            "dollyback",
            "pushout",
            "pullback",
            "pullaway",
            "moveout",
            "moveback",
            "拉",
            "拉镜头",
            "后拉",
            "拉出",
            "推远",
        ],
    ),
    (
        "pedestal_up",
        &[
            "craneup", "boomup", "jibup", "rise", "moveup", "升", "上移", "升起", "抬升",
        ],
    ),
    (
        "pedestal_down",
        &[
            "cranedown",
            "boomdown",
            "jibdown",
            "lower",
            "movedown",
            "降",
            "下移",
            "落下",
        ],
    ),
    ("tilt_up", &["panup", "lookup", "仰摇", "向上摇", "上仰"]),
    (
        "tilt_down",
        &["pandown", "lookdown", "俯摇", "向下摇", "下俯"],
    ),
    ("pan_left", &["turnleft", "向左摇", "摇左", "左转"]),
    ("pan_right", &["turnright", "向右摇", "摇右", "右转"]),
    (
        "truck_left",
        &[
            "trackleft",
            "dollyleft",
            "slideleft",
            "crableft",
            "moveleft",
            "向左移",
            "左平移",
        ],
    ),
    (
        "truck_right",
        &[
            "trackright",
            "dollyright",
            "slideright",
            "crabright",
            "moveright",
            "向右移",
            "右平移",
        ],
    ),
    ("zoom_in", &["punchin", "变焦放大", "放大"]),
    ("zoom_out", &["变焦缩小", "缩小"]),
    (
        "shake",
        &[
            "handheld",
            "shaky",
            "shaking",
            "camerashake",
            "手持",
            "抖动",
            "摇晃",
            "震动",
        ],
    ),
    (
        "tracking_shot",
        &[
            "follow",
            "following",
            "followshot",
            "tracking",
            "track",
            "跟拍",
            "跟踪",
            "跟镜头",
            "追踪",
        ],
    ),
    (
        "static_shot",
        &[
            "static",
            "still",
            "stillshot",
            "locked",
            "lockedoff",
            "lockedshot",
            "lockoff",
            "fixed",
            "fixedshot",
            "stationary",
            "tripod",
            "静止",
            "不动",
            "固定镜头",
            "定镜",
        ],
    ),
];

/// Words that a bracket about the camera begins or ends with.
const MOTION: [&str; 22] = [
    "arc", "boom", "camera", "circle", "crane", "dolly", "fly", "flyover", "glide", "jib", "orbit",
    "pan", "pedestal", "pull", "push", "rotate", "swoop", "tilt", "track", "truck", "whip", "zoom",
];

/// The same in Chinese, where nothing separates words.
const MOTION_ZH: [&str; 8] = [
    "镜头", "环绕", "航拍", "旋转", "变焦", "推拉", "运镜", "摇镜",
];

/// The command that a word without case and space stands for elsewhere.
pub(super) fn meant(bare: &str) -> Option<&'static str> {
    let found = OTHERS.iter().find(|(_, others)| others.contains(&bare));
    found.map(|(id, _)| *id)
}

/// Whether a bracket's whole content is about the camera, as far as one can tell.
pub(super) fn looks_like_a_move(content: &str) -> bool {
    const MOST_WORDS: usize = 3;
    const MOST_CHARACTERS: usize = 6;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    if !content.chars().all(plain) {
        return false;
    }
    let lower = content.to_lowercase();
    let words: Vec<&str> = lower
        .split([' ', '-', '_'])
        .filter(|w| !w.is_empty())
        .collect();
    let edges = [words.first(), words.last()];
    let english = words.len() <= MOST_WORDS
        && edges
            .into_iter()
            .flatten()
            .any(|word| MOTION.contains(word));
    let short = content.chars().count() <= MOST_CHARACTERS;
    english || short && MOTION_ZH.iter().any(|word| content.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{OTHERS, looks_like_a_move};
    use crate::spec::Spec;

    #[test]
    fn every_synonym_is_of_a_command_and_none_is_a_command() {
        let commands = Spec::bundled().camera_commands();
        for (id, others) in OTHERS {
            assert!(commands.iter().any(|command| command.id == id), "{id}");
            for other in others {
                assert!(
                    commands.iter().all(|command| command.zh != **other),
                    "{other}"
                );
            }
        }
    }

    #[test]
    fn moves_and_other_brackets() {
        for text in ["Fly over", "orbit left", "slow zoom", "环绕", "镜头上升"] {
            assert!(looks_like_a_move(text), "{text}");
        }
        for text in [
            "a sign",
            "1",
            "he pushes the door open",
            "note: camera",
            "推开门",
            "",
        ] {
            assert!(!looks_like_a_move(text), "{text}");
        }
    }
}
