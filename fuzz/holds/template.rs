//! Any text as a prompt with camera commands, in a shot of two combinations.
//!
//! The prompt goes up to the line `---`; each line behind it is a camera
//! command, or several at once with commas between them.

use std::fmt::Write as _;

use super::stage::Stage;

thread_local! {
    static STAGE: Stage = Stage::new();
}

/// What stands before the prompt.
const HEAD: &str = "version: 1
vars:
  hero: a red-haired courier
  city: 重庆
  number: 7
  list: [rain, snow, fog]
  map: { lens: 35mm, moods: [calm, wild] }
  nothing: ''
shots:
  - id: shot
    model: MiniMax-Hailuo-2.3
    matrix: { sky: [rain, '{{ hero }}'] }
";

pub(crate) fn template(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (prompt, camera) = text.split_once("\n---\n").unwrap_or((text, ""));
    let mut manifest = format!("{HEAD}    prompt: {}\n", quoted(prompt));
    if !camera.is_empty() {
        manifest.push_str("    camera:\n");
        for line in camera.lines() {
            let at_once: Vec<String> = line.split(',').map(quoted).collect();
            let _ = writeln!(manifest, "      - [{}]", at_once.join(", "));
        }
    }
    let played = STAGE.with(|stage| stage.play(manifest.as_bytes()));
    let plan = played.expect("the manifest is text, and its output folder is the usual one");
    if let Some(plan) = plan {
        assert_eq!(plan.facts.shots.len(), 2, "one for each combination");
    }
}

/// A YAML text in double quotes, whatever is in it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            other => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(other));
            }
        }
    }
    quoted.push('"');
    quoted
}
