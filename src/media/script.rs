//! What a prompt says to the camera.
//!
//! Owns the reading of `[…]` in a prompt that is sent, for every clip that is
//! made here. The commands themselves come from the documents.

use super::motion::Move;
use crate::spec::{CameraCommand, Mode, Spec};

/// A prompt taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The prompt without the brackets that hold commands alone.
    pub text: String,
    /// The camera moves: brackets in order, all of one bracket at once.
    pub moves: Vec<Vec<Move>>,
}

impl Script {
    /// Reads a prompt as a model of that name does: to one that does not follow
    /// the camera commands, a bracket is a word like any other.
    pub fn of(prompt: &str, mode: Mode, model: &str, spec: &Spec) -> Self {
        if spec.camera_supported(mode, model) {
            read(prompt, spec.camera_commands())
        } else {
            read(prompt, &[])
        }
    }
}

/// Takes the camera commands out of a prompt.
///
/// A bracket with something else in it stays in the text, because the model
/// would read it as words; the commands in it act all the same.
fn read(prompt: &str, commands: &[CameraCommand]) -> Script {
    let mut script = Script::default();
    let mut rest = prompt;
    while let Some(start) = rest.find(['[', '【']) {
        let open = &rest[start..];
        let Some(end) = open.find([']', '】']) else {
            break;
        };
        let after = &open[end..];
        let width = after.chars().next().map_or(1, char::len_utf8);
        let inside = open[..end].trim_start_matches(['[', '【']);
        let names: Vec<&str> = inside.split([',', '，', '、']).collect();
        let moves: Vec<Move> = names
            .iter()
            .filter_map(|name| command(name, commands))
            .collect();
        script.text.push_str(&rest[..start]);
        if moves.len() < names.len() {
            script.text.push_str(&open[..end + width]);
        }
        if !moves.is_empty() {
            script.moves.push(moves);
        }
        rest = &after[width..];
    }
    script.text.push_str(rest);
    script.text = tidy(&script.text);
    script
}

/// The move of a listed spelling, whatever its case and spaces.
fn command(name: &str, commands: &[CameraCommand]) -> Option<Move> {
    let name: Vec<&str> = name.split_whitespace().collect();
    let name = name.join(" ");
    let known = commands
        .iter()
        .find(|known| known.en.eq_ignore_ascii_case(&name) || known.zh == name)?;
    Move::from_id(&known.id)
}

/// Closes the gaps that brackets leave.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let joins = word.starts_with([',', '.', ';', ':', '!', '?', '，', '。']);
        if !tidy.is_empty() && !joins {
            tidy.push(' ');
        }
        tidy.push_str(word);
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_it(prompt: &str) -> Script {
        read(prompt, Spec::bundled().camera_commands())
    }

    #[test]
    fn brackets_act_in_order_and_their_commands_at_once() {
        let script =
            read_it("A courier [Push in] looks up [pan left,  Pedestal UP], then rests [固定].");
        assert_eq!(script.text, "A courier looks up, then rests.");
        let expected = [
            vec![Move::PushIn],
            vec![Move::PanLeft, Move::PedestalUp],
            vec![Move::StaticShot],
        ];
        assert_eq!(script.moves, expected);
    }

    #[test]
    fn chinese_brackets_and_commas_are_read() {
        let script = read_it("雨夜的街道【左摇，上升】，行人走过[推进]");
        assert_eq!(script.text, "雨夜的街道，行人走过");
        assert_eq!(
            script.moves,
            [vec![Move::PanLeft, Move::PedestalUp], vec![Move::PushIn]]
        );
    }

    #[test]
    fn other_brackets_stay() {
        let script = read_it("A sign [closed] and [Zoom in, slowly] an open [bracket");
        assert_eq!(
            script.text,
            "A sign [closed] and [Zoom in, slowly] an open [bracket"
        );
        assert_eq!(script.moves, [vec![Move::ZoomIn]]);
    }

    #[test]
    fn a_model_without_camera_control_sees_words() {
        let read = |model| {
            Script::of(
                "A road [Push in]",
                Mode::TextToVideo,
                model,
                Spec::bundled(),
            )
        };
        assert_eq!(read("MiniMax-Hailuo-2.3").moves, [vec![Move::PushIn]]);
        assert_eq!(read("T2V-01").text, "A road [Push in]");
        assert!(read("T2V-01").moves.is_empty());
    }
}
