//! `runner frames` as a person uses it: which files there are afterwards, and what is never replaced.

mod support;

use std::fs;

use serde_json::Value;
use support::Stage;

/// A folder with one film of the set in it, and no ffmpeg to be found.
fn stage(film: &str) -> Stage {
    let stage = Stage::new();
    let from = format!("tests/videos/{film}.mp4");
    fs::copy(from, stage.path("clip.mp4")).expect("it can be copied");
    stage
}

fn run(stage: &Stage, args: &[&str]) -> support::Ran {
    let mut command = stage.command();
    command
        .env("RUNNER_FFMPEG", "none")
        .arg("frames")
        .args(args);
    support::ran(&mut command)
}

fn pictures(stage: &Stage, folder: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(stage.path(folder))
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|end| end == "png"))
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

#[test]
fn pictures_lie_beside_the_video_or_where_they_are_wanted() {
    let stage = stage("high");
    let told = run(&stage, &["clip.mp4"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let three = ["clip-first.png", "clip-last.png", "clip-middle.png"];
    assert_eq!(pictures(&stage, ""), three);
    insta::assert_snapshot!("frames@three", told.stdout);
    let args = [
        "clip.mp4",
        "--at",
        "last",
        "--at",
        "0.25s",
        "--at",
        "last",
        "--out",
        "some/stills",
    ];
    assert_eq!(run(&stage, &args).code, 0);
    assert_eq!(
        pictures(&stage, "some/stills"),
        ["clip-0.25s.png", "clip-last.png"]
    );
    assert_eq!(
        stage.read("some/stills/clip-last.png"),
        stage.read("clip-last.png")
    );
    let told = run(
        &stage,
        &["clip.mp4", "--count", "3", "--out", "spread", "--json"],
    );
    let list: Value = serde_json::from_str(&told.stdout).expect("it is JSON");
    assert_eq!(list[2]["file"], "spread/clip-03of03.png");
    assert_eq!(list[2]["decoder"], "built-in");
    assert_eq!(list[2]["digest"].as_str().map(str::len), Some(64));
}

#[test]
fn another_file_is_not_replaced_unless_asked() {
    let stage = stage("high");
    fs::write(stage.path("clip-last.png"), "a year of work").expect("it can be written");
    let args = ["clip.mp4", "--at", "first", "--at", "last"];
    let refused = run(&stage, &args);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("--overwrite"), "{}", refused.stderr);
    assert_eq!(stage.read("clip-last.png"), b"a year of work");
    assert_eq!(
        pictures(&stage, ""),
        ["clip-last.png"],
        "nothing was written"
    );
    let asked = [&args[..], &["--overwrite"]].concat();
    assert_eq!(run(&stage, &asked).code, 0);
    assert!(stage.read("clip-last.png").starts_with(b"\x89PNG"));
    // Its own files are no others.
    assert_eq!(run(&stage, &args).code, 0);
}

#[test]
fn what_cannot_be_done_is_said() {
    let stage = stage("vp9");
    let refused = run(&stage, &["clip.mp4"]);
    assert_eq!(refused.code, 101);
    insta::assert_snapshot!("frames@unsupported", refused.stderr);
    let late = run(&self::stage("high"), &["clip.mp4", "--at", "3s"]);
    assert_eq!(late.code, 2);
    insta::assert_snapshot!("frames@beyond-the-end", late.stderr);
    let odd = run(&stage, &["clip.mp4", "--at", "lsat"]);
    assert_eq!(odd.code, 2);
    assert!(odd.stderr.contains("a time like 2.5s"), "{}", odd.stderr);
}

/// A program in the place of ffmpeg that answers as it does.
#[cfg(unix)]
fn pretender(stage: &Stage, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    stage.write("pretender", script);
    let path = stage.path("pretender");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&path, mode).expect("it can be made a program");
    path.display().to_string()
}

#[cfg(unix)]
#[test]
fn a_named_ffmpeg_is_asked_and_recorded() {
    let stage = stage("vp9");
    // Named like an option, to see that it is not taken for one.
    fs::rename(stage.path("clip.mp4"), stage.path("-y.mp4")).expect("it can be renamed");
    let script = "#!/bin/sh\n[ \"$1\" = -version ] && { echo 'ffmpeg version 9.9-test etc'; exit; }\n\
                  echo \"$@\" > asked\nprintf 'P6\\n2 1\\n255\\nabcdef'\n";
    let program = pretender(&stage, script);
    let mut command = stage.command();
    command.env("RUNNER_FFMPEG", &program);
    let told = support::ran(command.args(["frames", "--at", "last", "--json", "--", "-y.mp4"]));
    assert_eq!(told.code, 0, "{}", told.stderr);
    let list: Value = serde_json::from_str(&told.stdout).expect("it is JSON");
    assert_eq!(list[0]["decoder"], "ffmpeg 9.9-test");
    assert_eq!(
        (&list[0]["width"], &list[0]["height"]),
        (&2.into(), &1.into())
    );
    let asked = String::from_utf8(stage.read("asked")).expect("words");
    assert!(
        asked.contains("-nostdin") && asked.contains("-i file:-y.mp4"),
        "{asked}"
    );
    assert!(asked.contains("select=eq(n\\,5)"), "{asked}");
}

#[cfg(unix)]
#[test]
fn an_ffmpeg_that_fails_is_quoted() {
    let stage = stage("vp9");
    let script = "#!/bin/sh\n[ \"$1\" = -version ] && { echo 'ffmpeg version 9'; exit; }\n\
                  echo 'no such decoder' >&2\nexit 1\n";
    let program = pretender(&stage, script);
    let mut command = stage.command();
    command.env("RUNNER_FFMPEG", &program);
    let told = support::ran(command.args(["frames", "clip.mp4"]));
    assert_eq!(told.code, 101);
    assert!(told.stderr.contains("no such decoder"), "{}", told.stderr);
    assert_eq!(pictures(&stage, ""), Vec::<String>::new());
}
