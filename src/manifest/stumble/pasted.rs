//! What came along when a text was pasted.
//!
//! Owns fences of chats and pages, and the dashes and bullets that word
//! processors make of a `-`.

use crate::manifest::lines;
use crate::manifest::stumble::{Around, Stumble};

/// A line that begins as no line of YAML does; the scanner may stop behind it.
pub(super) fn pasted(around: Around<'_>) -> Option<Stumble> {
    let here = Some(around.line);
    let before = lines::before(around.text, around.line);
    here.into_iter().chain(before).find_map(|line| {
        let start = line.start + line.margin();
        let body = line.text.get(line.margin()..)?;
        if body.starts_with("```") {
            let message = "this line belongs to the page that the text was copied from";
            let help = "delete the lines that begin with ```";
            return Some(Stumble::new(start..start + 3, message, help));
        }
        let dash = body.chars().next().filter(|c| "–—−•·".contains(*c))?;
        let message = format!("`{dash}` is not the `-` that begins an item of a list");
        let rest = body[dash.len_utf8()..].trim();
        let place = start..start + dash.len_utf8();
        Some(Stumble::new(place, message, format!("write `- {rest}`")))
    })
}
