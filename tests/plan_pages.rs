//! What a pull request is told of a plan: Markdown and annotations.

mod support;

use std::fmt::Write as _;

use pulldown_cmark::{Event, Options, Parser, Tag};
use support::{Ran, Stage};

const FILM: &str = "\
version: 1
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P }
shots:
  - id: one
    prompt: A red boat leaves the harbour at dawn, slowly, under a grey sky.
  - id: two
    prompt: A lighthouse.
  - id: three
    prompt: It goes on.
    first_frame: { shot: one, frame: last }
";

fn stage(manifest: &str) -> Stage {
    let stage = Stage::new();
    stage.write("shots.yaml", manifest);
    stage
}

fn plan(stage: &Stage, args: &[&str]) -> Ran {
    stage.run(&[&["plan", "shots.yaml", "--simulate"][..], args].concat())
}

fn changed() -> String {
    FILM.replace("red boat", "blue boat")
        .replace("768P", "1080P")
        .replace("  - id: two\n    prompt: A lighthouse.\n", "")
        + "  - id: four\n    prompt: The end.\n"
}

#[test]
fn a_pull_request_reads_what_it_makes_and_costs() {
    let stage = stage(FILM);
    assert_eq!(stage.apply(&[]).code, 0);
    let lock = stage.run(&["lock", "shots.yaml", "--simulate"]);
    assert_eq!(lock.code, 0, "{}", lock.stderr);
    let same = plan(&stage, &["--format", "markdown", "--locked"]);
    assert_eq!(same.code, 0, "{}", same.stderr);
    stage.write("shots.yaml", &changed());
    let free = plan(&stage, &["--format", "markdown"]);
    assert_eq!(free.code, 0, "{}", free.stderr);
    let held = plan(&stage, &["--format", "markdown", "--locked"]);
    assert_eq!(held.code, 22, "{}", held.stderr);
    stage.write("shots.yaml", &changed().replace("1080P", "9000P"));
    let wrong = plan(&stage, &["--format", "markdown"]);
    assert_eq!(wrong.code, 20, "{}", wrong.stderr);
    let version = env!("CARGO_PKG_VERSION");
    let pages = [
        ("same", same),
        ("changed", free),
        ("locked", held),
        ("wrong", wrong),
    ];
    for (name, page) in pages {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_suffix(name);
        settings
            .bind(|| insta::assert_snapshot!("page", page.stdout.replace(version, "[version]")));
    }
}

#[test]
fn a_job_on_github_is_told_in_its_log_and_its_summary() {
    let stage = stage(FILM);
    let lock = stage.run(&["lock", "shots.yaml", "--simulate"]);
    assert_eq!(lock.code, 0, "{}", lock.stderr);
    stage.write("shots.yaml", &changed());
    stage.write("summary.md", "what another step said\n\n");
    let args = [
        "plan",
        "shots.yaml",
        "--simulate",
        "--locked",
        "--format",
        "github",
    ];
    let ran = support::ran(
        stage
            .command()
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", stage.path("summary.md"))
            .args(args),
    );
    assert_eq!(ran.code, 22, "{}", ran.stderr);
    insta::assert_snapshot!("annotations", ran.stdout);
    let summary = String::from_utf8(stage.read("summary.md")).expect("it is text");
    assert!(summary.starts_with("what another step said\n\n### ❌ shots.yaml"));
}

/// Text of a storyboard is only ever text, and a page of any film fits a comment.
#[test]
fn no_film_breaks_out_of_its_page_or_makes_it_too_long() {
    let hostile = "</td></table><script>alert(1)</script> @octocat [a](javascript:b) | **b** `c`";
    let mut film = "version: 1\ndefaults: { model: MiniMax-Hailuo-2.3 }\nshots:\n".to_owned();
    for shot in 0..3_000 {
        let _ = writeln!(
            film,
            "  - {{ id: shot-{shot}, prompt: \"{hostile} {shot}\" }}"
        );
    }
    let stage = stage(&film);
    let lock = stage.run(&["lock", "shots.yaml", "--simulate"]);
    assert_eq!(lock.code, 0, "{}", lock.stderr);
    stage.write("shots.yaml", &film.replace("octocat", "someone"));
    let page = plan(&stage, &["--format", "markdown", "--locked"]).stdout;
    let length = page.chars().count();
    assert!((40_000..65_536).contains(&length), "{length} characters");
    assert!(page.contains("more\n"), "what is left out is said");
    assert!(page.ends_with("</details>\n"), "it has its end");
    assert!(!page.contains("@octocat"), "nobody is called");
    let ours = ["code", "del", "ins", "br", "details", "summary"];
    let mut rows = 0;
    for event in Parser::new_ext(&page, Options::all()) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                for tag in html.split('<').skip(1) {
                    let name = tag.trim_start_matches('/').split('>').next();
                    let name = name.unwrap_or_default();
                    assert!(ours.contains(&name), "{html}");
                }
            }
            Event::Start(Tag::TableRow) => rows += 1,
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a link"),
            _ => {}
        }
    }
    assert!(rows > 20, "{rows} rows");
}
