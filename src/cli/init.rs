//! `runner init`: a storyboard to begin with, and what belongs beside it.
//!
//! Owns which files are written. Never overwrites one, and asks nothing: what it
//! writes passes `runner check` without a word and runs with `--simulate`.

mod pictures;

use std::path::{Path, PathBuf};

use crate::cli::args::{Example, InitArgs};
use crate::cli::console::Console;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare;
use crate::cli::words::{shots, slashes};
use crate::manifest::manifest_schema;
use crate::spec::Spec;
use crate::store::write_where_free;

const IGNORED: &str = ".env\nout/\n";

const ENVIRONMENT: &str = "\
# Copy this file to .env, which is not committed, and fill in the key. Nothing of it
# is needed for --simulate.
MINIMAX_API_KEY=

# The other region's service:
# MINIMAX_REGION=cn
";

pub(super) fn init(args: &InitArgs, console: &mut Console) -> Result<Exit, CliError> {
    let manifest = manifest_path(&args.path);
    let folder = match manifest.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    std::fs::create_dir_all(&folder).map_err(|error| {
        let message = format!("the folder `{}` cannot be made", shown(&folder));
        CliError::new(Exit::Usage, message).because(error)
    })?;
    let schema = manifest.with_extension("schema.json");
    write_storyboard(args.example, &manifest, &folder, &schema, console)?;
    let schema_text = format!("{:#}\n", manifest_schema(Spec::bundled()));
    write(&schema, &schema_text, "", console)?;
    let ignore = "; it should hold .env and out/";
    write(&folder.join(".gitignore"), IGNORED, ignore, console)?;
    write(&folder.join(".env.example"), ENVIRONMENT, "", console)?;
    let file = typed(&manifest);
    console.say(format!(
        "next, without a key and without cost:\n  runner check {file}\n  runner apply {file} --simulate"
    ));
    Ok(Exit::Success)
}

/// `shots.yaml` in a folder, or the file that was named.
fn manifest_path(path: &Path) -> PathBuf {
    let named = path
        .extension()
        .is_some_and(|end| end == "yaml" || end == "yml");
    if named && !path.is_dir() {
        path.to_owned()
    } else if path == Path::new(".") {
        PathBuf::from("shots.yaml")
    } else {
        path.join("shots.yaml")
    }
}

fn write_storyboard(
    example: Option<Example>,
    manifest: &Path,
    folder: &Path,
    schema: &Path,
    console: &mut Console,
) -> Result<(), CliError> {
    let found = match example {
        None => pictures::storyboard(folder),
        Some(_) => None,
    };
    let (text, from) = match &found {
        Some(found) if found.taken > 0 => {
            let from = format!(": {} from the pictures there", shots(found.taken));
            (found.text.as_str(), from)
        }
        _ => (text_of(example.unwrap_or(Example::Minimal)), String::new()),
    };
    let name = schema.file_name().unwrap_or_default().to_string_lossy();
    let text = format!("# yaml-language-server: $schema={name}\n{text}");
    let file = typed(Path::new(manifest.file_name().unwrap_or_default()));
    let text = text.replace(" FILE\n", &format!(" {file}\n"));
    let is_new = write_where_free(manifest, text.as_bytes()).map_err(prepare::store_error)?;
    if !is_new {
        console.say(format!("kept {}: it is there already", shown(manifest)));
        return Ok(());
    }
    console.say(format!("wrote {}{from}", shown(manifest)));
    for (name, why) in found.iter().flat_map(|found| &found.left_out) {
        console.say(format!("left out {name}: {why}"));
    }
    Ok(())
}

fn text_of(example: Example) -> &'static str {
    match example {
        Example::Minimal => include_str!("init/minimal.yaml"),
        Example::Chain => include_str!("init/chain.yaml"),
        Example::Film => include_str!("init/film.yaml"),
    }
}

fn write(path: &Path, text: &str, note: &str, console: &mut Console) -> Result<(), CliError> {
    let is_new = write_where_free(path, text.as_bytes()).map_err(prepare::store_error)?;
    console.say(if is_new {
        format!("wrote {}", shown(path))
    } else {
        format!("kept {}: it is there already{note}", shown(path))
    });
    Ok(())
}

fn shown(path: &Path) -> String {
    let text = slashes(path);
    text.strip_prefix("./").unwrap_or(&text).to_owned()
}

/// As a shell takes it for one word.
fn typed(path: &Path) -> String {
    let text = shown(path);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
