//! File names of videos.
//!
//! Owns what a rendered `output.file` may be: inside the output folder, not
//! among the program's own files, the same on every system, nobody else's.
//! Never touches the folder.

use std::collections::HashMap;

use crate::diag::{Code, Diagnostic, Span};
use crate::id::ShotId;
use crate::manifest::Manifest;
use crate::shot::assemble::Made;
use crate::shot::findings::{Findings, Within};

/// What a shot with a bad name has wrong with it.
pub(super) const FILE: &str = "file";

/// Folders that the program keeps for itself, beside the videos.
const KEPT: [&str; 2] = [".runner", "takes"];

/// Longest name of one file or folder, in bytes, on common file systems.
const MAX_PART_BYTES: usize = 255;

/// Refuses bad names and names that two shots share. A shot with such a name
/// loses it to the one before, and counts as broken.
pub(super) fn check(made: &mut [Made], manifest: &Manifest, findings: &mut Findings) {
    let place = manifest.output.file.as_ref().map(|file| file.span);
    let mut taken: HashMap<String, (ShotId, Span)> = HashMap::new();
    for one in made {
        let Some(shot) = one.shot.as_mut().filter(|shot| !shot.is_broken(FILE)) else {
            continue;
        };
        let span = place.unwrap_or(one.span);
        let refusal = match refuse(&shot.file) {
            Some(reason) => {
                let shown = shot.file.escape_debug();
                Some(Diagnostic::error(
                    Code::OutputPath,
                    span,
                    format!("the file name `{shown}` {reason}"),
                ))
            }
            None => collision(&shot.file, &shot.id, span, &taken),
        };
        if let Some(diagnostic) = refusal {
            // One template makes all names, so all of them are one mistake.
            let within = Within {
                id: shot.id.as_str(),
                shared: place.is_some(),
            };
            findings.within(within, diagnostic);
            shot.broken.push(FILE.to_owned());
        } else {
            taken.insert(shot.file.to_lowercase(), (shot.id.clone(), one.span));
        }
    }
}

fn collision(
    file: &str,
    id: &ShotId,
    span: Span,
    taken: &HashMap<String, (ShotId, Span)>,
) -> Option<Diagnostic> {
    let (other, place) = taken.get(&file.to_lowercase())?;
    let message = format!("`{other}` and `{id}` would both be written to `{file}`");
    Some(
        Diagnostic::error(Code::OutputPath, span, message)
            .also(*place, "the first of them")
            .help("use `{{ shot.id }}` in the name"),
    )
}

/// Why a file name is refused, in words that follow the name.
fn refuse(file: &str) -> Option<String> {
    if file.trim().is_empty() {
        return Some("is empty".to_owned());
    }
    if file.contains(char::is_control) {
        return Some("has control characters in it".to_owned());
    }
    if let Some(bad) = file.chars().find(|c| "\\:*?\"<>|".contains(*c)) {
        return Some(format!("has `{bad}` in it, which not every system allows"));
    }
    if file.starts_with('/') {
        return Some("is absolute; videos stay in the output folder".to_owned());
    }
    let parts: Vec<&str> = file.split('/').collect();
    if let Some(reason) = parts.iter().find_map(|part| refuse_part(part)) {
        return Some(reason);
    }
    if KEPT
        .iter()
        .any(|kept| parts.len() > 1 && parts[0].eq_ignore_ascii_case(kept))
    {
        return Some(format!(
            "is under `{}/`, which the program keeps for itself",
            parts[0]
        ));
    }
    if file.strip_suffix(".mp4").is_none() {
        return Some("does not end in `.mp4`".to_owned());
    }
    None
}

fn refuse_part(part: &str) -> Option<String> {
    let device = ShotId::new(part)
        .is_err_and(|error| matches!(error, crate::id::ShotIdError::Reserved { .. }));
    if part.is_empty() || part == "." {
        Some("has an empty part".to_owned())
    } else if part == ".." {
        Some("leads out of the output folder".to_owned())
    } else if device {
        Some(format!("has `{part}` in it, which is a device on Windows"))
    } else if part.ends_with(['.', ' ']) || part.starts_with(' ') {
        Some(
            "has a part with a space or a dot at its edge, which not every system keeps".to_owned(),
        )
    } else if part == ".mp4" {
        Some("is nothing but `.mp4`".to_owned())
    } else if part.len() > MAX_PART_BYTES {
        Some(format!("is longer than {MAX_PART_BYTES} bytes"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::refuse;

    #[test]
    fn names_stay_inside_and_portable() {
        for good in [
            "a.mp4",
            "act one/镜头.mp4",
            "take.mp4",
            "takes.mp4",
            "x/takes/a.mp4",
        ] {
            assert_eq!(refuse(good), None, "{good}");
        }
        for bad in [
            "",
            " ",
            "/a.mp4",
            "../a.mp4",
            "a/../b.mp4",
            "a\\b.mp4",
            "C:x.mp4",
            "a\n.mp4",
            "nul.mp4",
            "com1.mp4",
            "a.mov",
            "a.MP4",
            ".runner/a.mp4",
            "Takes/a.mp4",
            "a//b.mp4",
            "./a.mp4",
            ".mp4",
            "x /a.mp4",
            "x./a.mp4",
            "a?.mp4",
        ] {
            assert!(refuse(bad).is_some(), "{bad}");
        }
        assert!(refuse(&format!("{}.mp4", "x".repeat(300))).is_some());
    }
}
