//! What a prompt says to the camera, and what a clip writes of it.
//!
//! Owns the reading of `[…]` in a prompt and of the header that names a shot.
//! The commands themselves come from the documents.

use crate::media::motion::Move;
use crate::spec::CameraCommand;

/// The most characters of a title.
const TITLE: usize = 80;
/// The most words of a prompt that stand in for a title.
const WORDS: usize = 6;

/// A prompt taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    /// The prompt without the brackets that hold commands alone.
    pub(super) text: String,
    /// The camera moves: brackets in order, all of one bracket at once.
    pub(super) moves: Vec<Vec<Move>>,
}

/// Takes the camera commands out of a prompt.
///
/// A bracket with something else in it stays in the text, because the model
/// would read it as words; the commands in it act all the same.
pub(super) fn read(prompt: &str, commands: &[CameraCommand]) -> Script {
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

/// The heading of a clip whose request names no shot.
pub(super) fn title(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(WORDS).collect();
    let title: String = words.join(" ").chars().take(TITLE).collect();
    title
        .trim_end_matches([',', '.', ';', ':', '，', '。'])
        .to_owned()
}

/// The shot that a header names: percent-encoded UTF-8, as RFC 8187 has it.
///
/// A plain name is taken as well; what is not UTF-8 names nothing.
pub(super) fn shot_name(header: &[u8]) -> Option<String> {
    let marked = |mark: &&[u8]| {
        header.len() >= mark.len() && header[..mark.len()].eq_ignore_ascii_case(mark)
    };
    let mark: &[u8] = b"utf-8''";
    let encoded = if marked(&mark) {
        &header[mark.len()..]
    } else {
        header
    };
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut at = 0;
    while let Some(&byte) = encoded.get(at) {
        let pair = encoded.get(at + 1..at + 3).filter(|_| byte == b'%');
        let escaped =
            pair.and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    let name = String::from_utf8(bytes).ok()?;
    let name: String = name.trim().chars().take(TITLE).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Spec;

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
    fn shots_are_named_by_the_header_or_by_the_first_words() {
        assert_eq!(
            shot_name(b"weather%20%E9%9B%A8").as_deref(),
            Some("weather 雨")
        );
        assert_eq!(shot_name(b"UTF-8''a%2Fb").as_deref(), Some("a/b"));
        assert_eq!(shot_name(b"100%").as_deref(), Some("100%"));
        assert_eq!(shot_name(b"%ff"), None);
        assert_eq!(
            title("One two three four five six, seven"),
            "One two three four five six"
        );
    }
}
