//! What shows only when all shots are looked at together.
//!
//! Owns warnings about a film as a whole, each said once however many shots it
//! is true of. Never judges one shot by itself; that is `lint`'s.

use std::collections::{BTreeMap, HashMap};

use crate::check::media::{CheckedMedia, MediaField};
use crate::check::{CheckedShot, key, setting};
use crate::diag::{Code, Diagnostic};
use crate::id::ShotId;
use crate::manifest::MAX_TOLD;
use crate::shot::{CameraUse, Shot};
use crate::spec::{Mode, Spec};

/// Every such warning.
pub(super) fn lint(shots: &[Shot], checked: &[CheckedShot], spec: &Spec) -> Vec<Diagnostic> {
    let mut found = repeated(checked);
    found.extend(rewritten(shots, checked, spec));
    found.extend(mixed_shapes(shots, checked, spec));
    found
}

/// The API knows no seed: equal requests are as many videos, and as many prices.
fn repeated(checked: &[CheckedShot]) -> Vec<Diagnostic> {
    let again = checked.iter().filter(|shot| shot.occurrence > 1);
    let mut groups: BTreeMap<String, Vec<&CheckedShot>> = BTreeMap::new();
    for shot in again {
        groups.entry(key(&shot.request)).or_default().push(shot);
    }
    let firsts = checked.iter().filter(|shot| shot.occurrence == 1);
    let told = firsts.filter_map(|first| {
        let others = groups.get(&key(&first.request))?;
        Some(repeats(first, others))
    });
    if groups.is_empty() {
        return Vec::new();
    }
    told.take(MAX_TOLD).collect()
}

fn repeats(first: &CheckedShot, others: &[&CheckedShot]) -> Diagnostic {
    let count = others.len() + 1;
    let second = others[0];
    let same_text = second.span == first.span;
    let message = if same_text {
        format!("{count} combinations of this shot ask for the same video")
    } else if count == 2 {
        format!("`{}` asks for the same video as `{}`", second.id, first.id)
    } else {
        let more = count - 2;
        format!(
            "`{}` and {more} more ask for the same video as `{}`",
            second.id, first.id
        )
    };
    let told = Diagnostic::warning(Code::RepeatedRequest, second.span, message).note(format!(
        "the service makes {count} videos of it, and {count} are paid for"
    ));
    if same_text {
        return told.help("use the values of the matrix in the prompt, or take the matrix away");
    }
    told.also(first.span, "asked for here first")
        .help("change one of them; for takes to choose from, `runner apply FILE --force ID` makes another")
}

/// Camera work that is worth keeping: a sequence of commands, or several at once.
fn is_exact(camera: &[CameraUse]) -> bool {
    camera.len() > 1 || camera.iter().any(|at_once| at_once.commands.len() > 1)
}

/// The service rewrites prompts unless it is told not to (minimax-api.md 8).
fn rewritten(shots: &[Shot], checked: &[CheckedShot], spec: &Spec) -> Option<Diagnostic> {
    let sound: HashMap<&ShotId, &CheckedShot> =
        checked.iter().map(|shot| (&shot.id, shot)).collect();
    let field = "prompt_optimizer";
    let mut found = shots.iter().filter_map(|shot| {
        let request = &sound.get(&shot.id)?.request;
        let (mode, model) = (request.mode(), request.model());
        let rewrites = spec.field(mode, field)?.get("default")?.as_bool()?;
        let camera = &shot.prompt.as_ref()?.camera;
        let exact = is_exact(camera) && spec.camera_supported(mode, model);
        let unsaid = setting(shot, field).is_none();
        (rewrites && exact && unsaid).then(|| (shot, camera[0].span))
    });
    let (shot, span) = found.next()?;
    let more = found.count();
    let message = "the service may rewrite this prompt, and with it the camera work";
    let told = Diagnostic::warning(Code::PromptOptimizer, span, message)
        .note("`prompt_optimizer` is on where nothing is said of it")
        .help("write `prompt_optimizer: false` into `defaults`, or `true` if it may be rewritten");
    Some(match more {
        0 => told,
        _ => told.note(format!("in shot `{}` and {more} more", shot.id)),
    })
}

/// Width and height.
type Shape = (u64, u64);

/// A film is cut to one shape; a video from a picture has the picture's.
fn mixed_shapes(shots: &[Shot], checked: &[CheckedShot], spec: &Spec) -> Option<Diagnostic> {
    let sound: HashMap<&ShotId, &CheckedShot> =
        checked.iter().map(|shot| (&shot.id, shot)).collect();
    let mut known = checked
        .iter()
        .filter_map(|shot| Some((shot, shape(shot, &sound, spec)?)));
    let (first, usual) = known.next()?;
    let mut others = known.filter(|(_, other)| !alike(usual, *other, 8));
    let (other, (width, height)) = others.next()?;
    let more = others.count();
    let written = shots.iter().find(|shot| shot.id == other.id)?;
    let span = written
        .first_frame
        .as_ref()
        .map_or(written.span, |input| input.span);
    let message = format!("`{}` would not have the shape of the film", other.id);
    let told = Diagnostic::warning(Code::MixedShapes, span, message)
        .label(format!("{width}x{height}"))
        .also(first.span, format!("{}x{}", usual.0, usual.1))
        .note("a video from a picture has the picture's shape; from text it is 16:9");
    let told = match more {
        0 => told,
        _ => told.note(format!("in shot `{}` and {more} more", other.id)),
    };
    Some(told.help("crop the picture to the shape of the others"))
}

/// The shape that a video will have, as far as it is known before it is made. A
/// chain of frames has the shape of its beginning; the steps are bounded, as
/// shots that wait for each other are still among them.
fn shape(shot: &CheckedShot, sound: &HashMap<&ShotId, &CheckedShot>, spec: &Spec) -> Option<Shape> {
    let mut shot = shot;
    for _ in 0..sound.len() {
        let request = &shot.request;
        if request.mode() == Mode::SubjectReference {
            return None;
        }
        let media = request.media();
        let first = media
            .iter()
            .find(|(field, _)| *field == MediaField::FirstFrame);
        match first.map(|(_, media)| media) {
            None => {
                let (width, height) = spec.output_size(request.resolution())?;
                return Some((width.into(), height.into()));
            }
            Some(CheckedMedia::File(facts)) => {
                return Some((facts.width.into(), facts.height.into()));
            }
            Some(CheckedMedia::Frame { shot: source, .. }) => shot = sound.get(source)?,
            Some(_) => return None,
        }
    }
    None
}

/// Whether two shapes differ by less than one part in `parts`, by their ratios.
pub(super) fn alike(one: Shape, other: Shape, parts: u64) -> bool {
    let (a, b) = (one.0 * other.1, other.0 * one.1);
    a.abs_diff(b) * parts <= a.max(b)
}

#[cfg(test)]
mod tests {
    use super::alike;

    #[test]
    fn shapes_are_compared_by_ratio() {
        assert!(alike((1366, 768), (1920, 1080), 50));
        assert!(alike((1366, 768), (640, 400), 8));
        assert!(!alike((1366, 768), (640, 480), 8));
        assert!(!alike((640, 400), (400, 400), 8));
        assert!(!alike((400, 640), (640, 400), 8));
    }
}
