//! Where an animatic goes, and what it never replaces.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::title;
use crate::cli::args::AnimaticArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::load::Loaded;
use crate::cli::prepare;
use crate::manifest::model::Manifest;
use crate::media::film;

/// Where the film goes. Nothing but an earlier film of this command is replaced: a mistyped name must not cost a
/// video that was paid for, nor the manifest.
pub(super) fn place(
    args: &AnimaticArgs,
    loaded: &Loaded,
    manifest: &Manifest,
) -> Result<PathBuf, CliError> {
    let path = match (&args.out, &loaded.target) {
        (Some(path), _) => path.clone(),
        (None, Some(target)) => {
            let folder = prepare::output_folder(loaded, manifest, target, None);
            fs::create_dir_all(&folder).map_err(|error| {
                let message = format!("cannot create `{}`", folder.display());
                CliError::new(Exit::Internal, message).because(error)
            })?;
            folder.join(format!("{}.animatic.mp4", title(args)))
        }
        (None, None) => PathBuf::from(format!("{}.animatic.mp4", title(args))),
    };
    let in_the_way = |what: &str| {
        let message = format!("`{}` is there already, and {what}", path.display());
        Err(CliError::new(Exit::Usage, message).advice("choose another name with --out"))
    };
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            match folder {
                Some(folder) if !folder.is_dir() => {
                    let message = format!("there is no folder for `{}`", path.display());
                    Err(CliError::new(Exit::Usage, message))
                }
                _ => Ok(path),
            }
        }
        Err(error) => Err(CliError::unreadable(&path, error)),
        Ok(found) if !found.is_file() => in_the_way("it is not a file"),
        Ok(_) if !is_film(&path)? => in_the_way("no animatic: it will not be replaced"),
        Ok(_) => Ok(path),
    }
}

fn is_film(path: &Path) -> Result<bool, CliError> {
    let mut begin = Vec::new();
    File::open(path)
        .and_then(|file| file.take(film::MARKED as u64).read_to_end(&mut begin))
        .map_err(|error| CliError::unreadable(path, error))?;
    Ok(film::is_film(&begin))
}
