//! Which shots belong to a scene.
//!
//! The manifest says so under `scenes`. Where it has none, they are read from ids, and only where that cannot surprise:
//! every id of the manifest is `SCENE.SHOT`, or every one is `SCENE-SHOT` with a number in SCENE (`s01-2`, `3-a`); the
//! shots of a scene stand together; there are at least two scenes, and one of them has several shots.

use std::collections::HashSet;

use crate::check::CheckedShot;

/// A scene as its card names it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Named<'i> {
    id: &'i str,
    pub(super) heading: &'i str,
}

/// The scene of every shot, in order; `None` for one in no scene.
pub(super) fn of_shots(shots: &[CheckedShot]) -> Vec<Option<Named<'_>>> {
    if shots.iter().any(|shot| shot.scene.is_some()) {
        let scenes = shots.iter().map(|shot| shot.scene.as_ref());
        let named = scenes.map(|scene| {
            let scene = scene?;
            let heading = scene.title.as_deref().unwrap_or(&scene.id);
            Some(Named {
                id: &scene.id,
                heading,
            })
        });
        return named.collect();
    }
    let ids: Vec<&str> = shots.iter().map(|shot| shot.id.as_str()).collect();
    match of_ids(&ids) {
        Some(scenes) => scenes
            .into_iter()
            .map(|id| Some(Named { id, heading: id }))
            .collect(),
        None => vec![None; shots.len()],
    }
}

/// The scene of every id, in order; `None` where the ids are no such naming.
fn of_ids<'i>(ids: &[&'i str]) -> Option<Vec<&'i str>> {
    let dotted = |id: &&'i str| id.split_once('.').map(|(scene, _)| scene);
    let dashed = |id: &&'i str| {
        let (scene, _) = id.split_once('-')?;
        scene.contains(|c: char| c.is_numeric()).then_some(scene)
    };
    let scenes: Option<Vec<&str>> = ids.iter().map(dotted).collect();
    let scenes = scenes.or_else(|| ids.iter().map(dashed).collect())?;
    let mut runs = scenes.clone();
    runs.dedup();
    let different: HashSet<&&str> = runs.iter().collect();
    let stand_together = different.len() == runs.len();
    (stand_together && runs.len() > 1 && runs.len() < scenes.len()).then_some(scenes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_are_read_where_every_id_names_one() {
        let scenes = |ids: &[&'static str]| of_ids(ids);
        assert_eq!(
            scenes(&["s1-a", "s1-b", "s2-a"]),
            Some(vec!["s1", "s1", "s2"])
        );
        assert_eq!(
            scenes(&["码头.一", "码头.二", "street.1"]),
            Some(vec!["码头", "码头", "street"])
        );
        assert_eq!(
            scenes(&["1-1-close", "1-2", "2-1"]),
            Some(vec!["1", "1", "2"])
        );
    }

    #[test]
    fn other_names_are_just_names() {
        for ids in [
            // Words with a dash are no scenes.
            &["from-text", "from-a-picture", "low-resolution"][..],
            // One id without.
            &["s1-a", "s1-b", "s2-a", "end"],
            // A scene that comes back.
            &["s1-a", "s2-a", "s1-b"],
            // A number for each shot.
            &["1-opening", "2-bridge", "3-end"],
            // One scene is no division.
            &["s1-a", "s1-b"],
            &[],
        ] {
            assert_eq!(of_ids(ids), None, "{ids:?}");
        }
    }
}
