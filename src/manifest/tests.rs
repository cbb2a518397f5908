//! Whole manifests through `parse`: one mistake, one diagnostic, one place.

use proptest::prelude::{ProptestConfig, proptest};

use super::files::memory::Memory;
use super::{Manifest, NoFiles, parse};
use crate::diag::{Diagnostic, SourceFile, Sources};
use crate::spec::Spec;

fn read(text: &str) -> (Option<Manifest>, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("shots.yaml", text));
    parse(&mut sources, id, Spec::bundled(), &NoFiles)
}

/// `code: message @ marked words | help` of every diagnostic.
fn told(text: &str) -> Vec<String> {
    let (_, diagnostics) = read(text);
    let tell = |d: &Diagnostic| {
        let span = d.primary.as_ref().expect("a place").span;
        let words = &text[span.start..span.end];
        let help = d
            .help
            .as_ref()
            .map_or_else(String::new, |help| format!(" | {help}"));
        format!("{}: {} @ {words}{help}", d.code, d.message)
    };
    diagnostics.iter().map(tell).collect()
}

/// A sound manifest around some lines.
fn around(lines: &str) -> String {
    format!("version: 1\n{lines}\nshots: [{{id: a, prompt: x}}]\n")
}

#[test]
fn a_full_manifest_has_no_mistakes() {
    let text = r#"
version: 1
backend: gateway
backends: { gateway: { kind: minimax, base_url: "https://g.example/v", key_env: KEY, allow_unlisted: true } }
vars: { hero: a courier, 城市: 重庆, list: [1, {a: b}] }
defaults: &d { model: MiniMax-Hailuo-2.3, resolution: 768P, duration: 6, prompt_optimizer: false }
limits: { concurrency: 4, creates_per_minute: unlimited, max_cost: 5 USD, allow_unpriced: true, deadline: 30m, poll_interval: 250ms }
output: { dir: out, file: "{{ shot.id }}.mp4" }
callback: { listen: 127.0.0.1:8787, public_url: https://hooks.example/runner }
prices: [{ model: M, resolution: 768P, duration: 6, price: 0.28 USD }]
shots:
  - id: opening
    <<: *d
    prompt: x
    camera: [tilt up, [pan left, 上升]]
    matrix: { sky: [rain, 2, true], include: [{sky: snow}], exclude: [{sky: 2}] }
    first_frame: a.png
    last_frame: { shot: other, frame: 2.5s }
    duration: "{{ matrix.seconds }}"
  - { id: s, subject: f.png }
"#;
    assert_eq!(told(text), Vec::<String>::new());
    let manifest = read(text).0.expect("a manifest");
    assert_eq!(manifest.shots.len(), 2);
    assert_eq!(manifest.shots[0].settings.fields.len(), 5);
    assert_eq!(
        manifest.shots[0].settings.camera.as_ref().expect("a list")[1]
            .commands
            .len(),
        2
    );
    assert_eq!(manifest.limits.concurrency(), 4);
    let callback = manifest.callback.expect("a callback");
    let span = callback.listen.span;
    assert_eq!(&text[span.start..span.end], "127.0.0.1:8787");
    assert_eq!(callback.listen.value.port(), 8787);
    assert_eq!(callback.public_url.value, "https://hooks.example/runner");
}

#[test]
fn unknown_and_missing_keys() {
    let text =
        "version: 1\nshots:\n  - id: a\n    promt: x\n  - prompt: y\nduration: 6\nzebra: 1\n";
    assert_eq!(
        told(text),
        [
            "unknown-key: unknown key `promt` @ promt | did you mean `prompt`?",
            "missing-key: this shot has no `id` @ prompt",
            "unknown-key: unknown key `duration` @ duration | `duration` belongs to a shot under `shots`, or to `defaults`",
            "unknown-key: unknown key `zebra` @ zebra | the keys here are `version`, `backend`, `backends`, `include`, `vars`, `defaults`, `limits`, `output`, `callback`, `prices`, `lints`, `fragments`, `characters`, `looks`, `overrides`, `scenes` and `shots`",
        ]
    );
    assert_eq!(
        told("shots: [{id: a}]"),
        ["missing-key: the manifest has no `version` @ shots | begin with `version: 1`"]
    );
    assert!(told("x")[0].starts_with("wrong-type: expected a mapping with `version` and `shots`"));
}

#[test]
fn wrong_types_in_words() {
    for (lines, expected) in [
        (
            "defaults: 5",
            "wrong-type: expected a mapping with settings for `defaults`, found a number @ 5",
        ),
        (
            "defaults: {model: [a]}",
            "wrong-type: expected a text for `model`, found a list @ [a]",
        ),
        (
            "defaults: {duration: }",
            "wrong-type: expected a number for `duration`, found nothing @ duration",
        ),
        (
            "limits: {concurrency: many}",
            "wrong-type: expected a whole number for `concurrency`, found a text @ many",
        ),
        (
            "limits: {creates_per_minute: [1]}",
            "wrong-type: expected a number above 0, or `unlimited` for `creates_per_minute`, found a list @ [1]",
        ),
        (
            "limits: {deadline: 30}",
            "wrong-type: expected a length of time such as `30m` for `deadline`, found a number @ 30",
        ),
        (
            "prices: {}",
            "wrong-type: expected a list of prices for `prices`, found a mapping @ {} \
             | begin each item with `- `, on a line of its own",
        ),
    ] {
        assert_eq!(told(&around(lines)), [expected], "{lines}");
    }
    assert_eq!(
        told("version: 1\nshots: opening"),
        ["wrong-type: expected a list of shots for `shots`, found a text @ opening"]
    );
    assert_eq!(
        told("version: 1\nshots: [{id: a, first_frame: [x]}, {id: b, first_frame: {shto: a}}]"),
        [
            "wrong-type: expected a path, an address, or `{ shot: …, frame: … }` for `first_frame`, found a list @ [x]",
            "unknown-key: unknown key `shto` @ shto | did you mean `shot`?",
        ]
    );
}

#[test]
fn bad_values_in_words() {
    for (lines, expected) in [
        (
            "limits: {concurrency: 0}",
            "bad-value: `concurrency` is 1 at least @ 0",
        ),
        (
            "limits: {concurrency: 2000}",
            "bad-value: `concurrency` is 1024 at most @ 2000",
        ),
        (
            "limits: {creates_per_minute: 0}",
            "bad-value: `creates_per_minute` is more than 0 @ 0",
        ),
        (
            "limits: {creates_per_minute: lots}",
            "bad-value: `creates_per_minute` cannot be `lots` @ lots",
        ),
        (
            "limits: {deadline: soon}",
            "bad-value: `soon` is not a length of time such as `10s` or `30m` @ soon",
        ),
        (
            "limits: {poll_interval: 1ms}",
            "bad-value: `poll_interval` is 100ms at least @ 1ms",
        ),
        (
            "limits: {max_cost: 5 bucks}",
            "bad-value: `5 bucks` is not an amount such as `5 USD` or `3.50 CNY` @ 5 bucks",
        ),
        (
            "backends: {g: {key_env: sk-123}}",
            "bad-value: `key_env` cannot be this @ sk-123",
        ),
        (
            "backends: {g: {base_url: 'http://a.b'}}",
            "bad-value: the key would travel in the open: plain http is for this machine only @ 'http://a.b' | write an address such as `https://api.minimax.io`",
        ),
        (
            "backends: {g: {kind: minmax}}",
            "bad-value: `kind` cannot be `minmax` @ minmax | did you mean `minimax`?",
        ),
        (
            "vars: {a-b: 1}",
            "bad-value: `a-b` cannot be a name here, since templates could not say it @ a-b | use a name made of letters, digits and `_`",
        ),
        (
            "vars: {shot: 1}",
            "bad-value: a variable cannot be called `shot` @ shot",
        ),
        (
            "callback: {listen: 'localhost:8787', public_url: 'https://a.b'}",
            "bad-value: `localhost:8787` is not an address with a port such as `127.0.0.1:8787` @ 'localhost:8787' | write `127.0.0.1:8787`",
        ),
        (
            "callback: {listen: '[::1]:0', public_url: 'https://a.b'}",
            "bad-value: `listen` needs a port of its own, not 0 @ '[::1]:0'",
        ),
        (
            "output: {file: ''}",
            "bad-value: `file` cannot be empty @ ''",
        ),
    ] {
        assert_eq!(told(&around(lines)), [expected], "{lines}");
    }
    assert_eq!(
        told("version: 2\nshots: []"),
        [
            "version: this program reads manifests of version 1 @ 2 | write `version: 1`",
            "bad-value: `shots` cannot be empty @ []",
        ]
    );
}

#[test]
fn values_of_request_fields_are_left_to_check() {
    assert_eq!(
        told(&around(
            "defaults: {model: Nope, duration: 99, prompt_optimizer: maybe}"
        )),
        Vec::<String>::new()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "(version|shots|id|matrix|vars|：|，|“|镜: |: |\n|\n  - |\n    |[\\[\\]{},&*a!|>'\"%#-]|1|~|镜头){0,40}") {
        let (_, diagnostics) = read(&text);
        for diagnostic in diagnostics {
            let span = diagnostic.primary.expect("a place").span;
            assert!(text.get(span.start..span.end).is_some() || text.is_empty());
        }
    }
}

#[test]
fn scenes_and_tags_in_words() {
    let scenes = |rest: &str| format!("version: 1\nscenes: [{rest}]\n");
    for (text, expected) in [
        (
            scenes("{id: s, shots: [{id: a}]}, {id: S, shots: [{id: b}]}"),
            "duplicate-id: two scenes are called `S` @ S",
        ),
        (
            scenes("{id: s, shtos: [{id: a}]}"),
            "unknown-key: unknown key `shtos` @ shtos | did you mean `shots`?",
        ),
        (
            scenes("{id: s, model: M, shots: [{id: a}]}"),
            "unknown-key: unknown key `model` @ model | `model` belongs to a shot under `shots`, or to `defaults`",
        ),
        (
            scenes("{shots: [{id: a}]}"),
            "missing-key: this scene has no `id` @ shots",
        ),
        (
            scenes("{id: s}"),
            "missing-key: this scene has no `shots` @ id",
        ),
        (
            scenes("{id: act one, shots: [{id: a}]}"),
            "bad-value: `id` cannot be `act one` @ act one",
        ),
        (
            scenes("{id: s, title: 'Act {{ n }}', shots: [{id: a}]}"),
            "bad-value: the `title` of a scene takes no templates @ 'Act {{ n }}'",
        ),
        (
            around("defaults: {tags: [a b]}"),
            "bad-value: this item cannot be `a b` @ a b",
        ),
        (
            around("defaults: {tags: [1]}"),
            "wrong-type: expected a word made of letters, digits, `-`, `_` and `.` for this item, found a number @ 1",
        ),
        (
            around("defaults: {tags: {a: b}}"),
            "wrong-type: expected a word or a list of them for `tags`, found a mapping @ {a: b}",
        ),
        (
            "version: 1\nscene: [{id: s}]\n".to_owned(),
            "unknown-key: unknown key `scene` @ scene | did you mean `scenes`?",
        ),
        (
            "version: 1\nvars: {a: b}\n".to_owned(),
            "missing-key: the manifest has no `shots` @ version",
        ),
    ] {
        assert_eq!(told(&text), [expected], "{text}");
    }
}

/// Ids in the order of the film, and `file: code: message @ words` of diagnostics.
fn film(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let (manifest, diagnostics, sources) = Memory::new(files.iter().copied()).parse();
    let tell = |told: &Diagnostic| {
        let span = told.primary.as_ref().expect("a place").span;
        let file = sources.get(span.file);
        let words = &file.text[span.start..span.end];
        format!("{}: {}: {} @ {words}", file.name, told.code, told.message)
    };
    let shots = manifest.map_or_else(Vec::new, |manifest| manifest.shots);
    let ids = shots.iter().map(|shot| shot.id.value.clone()).collect();
    (ids, diagnostics.iter().map(tell).collect())
}

#[test]
fn included_files_stand_where_include_does() {
    let (ids, told) = film(&[
        (
            "film.yaml",
            "version: 1\nshots: [{id: a}]\ninclude: [acts/one.yaml, acts/two.yaml]\nscenes: [{id: s, shots: [{id: z}]}]\n",
        ),
        ("acts/one.yaml", "include: ../cast.yaml\nshots: [{id: b}]\n"),
        (
            "acts/two.yaml",
            "scenes: [{id: t, shots: [{id: c}]}]\ninclude: ../cast.yaml\n",
        ),
        ("cast.yaml", "vars: {hero: mei}\nshots: [{id: cast}]\n"),
    ]);
    assert_eq!(told, Vec::<String>::new());
    assert_eq!(ids, ["a", "cast", "b", "c", "z"]);
}

#[test]
fn mistakes_of_included_files_are_told_where_they_are() {
    let (_, told) = film(&[
        (
            "film.yaml",
            "version: 1\nvars: {a: 1}\ninclude: [one.yaml, two.yaml, gone.yaml, '{{ a }}.yaml']\nshots: [{id: a}]\n",
        ),
        (
            "one.yaml",
            "vars: {a: 2}\nlimits: {concurrency: 2}\nshots: [{id: b, promt: x}]\n",
        ),
        (
            "two.yaml",
            "include: one-more.yaml\nlooks: {noir: {prompt: [x]}}\n",
        ),
        (
            "one-more.yaml",
            "include: [two.yaml, list.yaml, empty.yaml]\nzebra: 1\n",
        ),
        ("list.yaml", "- {id: c}\n"),
        ("empty.yaml", "# nothing yet\n"),
    ]);
    assert_eq!(
        told,
        [
            "film.yaml: include: `gone.yaml` cannot be read: there is no such file @ gone.yaml",
            "film.yaml: bad-value: the path of a file that is read first takes no templates @ '{{ a }}.yaml'",
            "one.yaml: duplicate-key: the variable `a` is given twice @ a",
            "one.yaml: unknown-key: unknown key `limits` @ limits",
            "one.yaml: unknown-key: unknown key `promt` @ promt",
            "two.yaml: wrong-type: expected a text for `prompt`, found a list @ [x]",
            "one-more.yaml: cycle: `two.yaml` includes itself @ two.yaml",
            "one-more.yaml: unknown-key: unknown key `zebra` @ zebra",
            "list.yaml: wrong-type: expected a mapping with parts of a film for an included file, found a list @ - {id: c}",
        ]
    );
}

#[test]
fn files_that_include_each_other_many_times_cost_no_more_than_their_texts() {
    // Every file includes all that come after it: 2^15 ways lead to the last one.
    let names: Vec<String> = (0..15).map(|n| format!("{n}.yaml")).collect();
    let mut files = vec![(
        "film.yaml".to_owned(),
        format!("version: 1\ninclude: [{}]\n", names.join(", ")),
    )];
    for (at, name) in names.iter().enumerate() {
        let rest = names[at + 1..].join(", ");
        let text = format!("include: [{rest}]\nshots: [{{id: s{at}}}]\n");
        files.push((name.clone(), text));
    }
    let memory = Memory::new(files);
    let (manifest, diagnostics, _) = memory.parse();
    assert_eq!(diagnostics, []);
    assert_eq!(memory.reads.get(), 15);
    assert_eq!(manifest.expect("a manifest").shots.len(), 15);
}

/// The codes and messages of a film of such files, each once, and what was read.
fn refused(files: impl IntoIterator<Item = (String, String)>) -> (Vec<String>, usize) {
    let memory = Memory::new(files);
    let started = std::time::Instant::now();
    let (_, diagnostics, _) = memory.parse();
    let took = started.elapsed();
    assert!(took.as_secs() < 20, "{took:?}");
    let mut told: Vec<String> = (diagnostics.iter())
        .map(|told| format!("{}: {}", told.code, told.message))
        .collect();
    told.dedup();
    (told, memory.reads.get())
}

#[test]
fn bombs_of_includes_are_refused_quickly() {
    let include = |n: usize| format!("include: {}.yaml\nshots: [{{id: s{n}}}]\n", n + 1);
    let deep = (0..100).map(|n| match n {
        0 => (
            "film.yaml".to_owned(),
            format!("version: 1\n{}", include(0)),
        ),
        n => (format!("{n}.yaml"), include(n)),
    });
    let (told, read) = refused(deep);
    assert_eq!(
        told,
        ["too-large: files include each other more than 16 deep"]
    );
    assert_eq!(read, super::MAX_INCLUDES);

    let names: Vec<String> = (0..super::MAX_FILES + 500)
        .map(|n| format!("{n}.yaml"))
        .collect();
    let main = format!("version: 1\ninclude: [{}]\n", names.join(", "));
    let wide = names
        .iter()
        .map(|name| (name.clone(), "vars: {}\n".to_owned()));
    let (told, read) = refused([("film.yaml".to_owned(), main)].into_iter().chain(wide));
    assert_eq!(
        told,
        ["too-large: a manifest is made of 1000 files at most"]
    );
    assert_eq!(read, super::MAX_FILES);

    let main = "version: 1\ninclude: [a.yaml, b.yaml, c.yaml]\nshots: [{id: a}]\n";
    let large = format!("# {}\n", "x".repeat(7_000_000));
    let heavy = ["a.yaml", "b.yaml", "c.yaml"].map(|name| (name.to_owned(), large.clone()));
    let all = [("film.yaml".to_owned(), main.to_owned())];
    let (told, _) = refused(all.into_iter().chain(heavy));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("too-large: the files of this manifest have more than"));
}

#[test]
fn nodes_of_all_files_count_together() {
    let rows = format!("- [{}]\n", "0,".repeat(1_000)).repeat(1_200);
    let cells = format!("{}\n", "0,".repeat(1_000)).repeat(1_200);
    let commas = ",".repeat(5_000_000);
    for (end, table) in [("yaml", rows), ("csv", cells), ("csv", commas)] {
        let shots = format!("[{{id: a, foreach: a.{end}}}, {{id: b, foreach: b.{end}}}]");
        let (told, _) = refused([
            (
                "film.yaml".to_owned(),
                format!("version: 1\nshots: {shots}\n"),
            ),
            (format!("a.{end}"), table.clone()),
            (format!("b.{end}"), table),
        ]);
        let large = told.iter().filter(|told| told.starts_with("too-large"));
        assert!(large.count() > 0, "{:?}", told.last());
        assert!(told.len() < 5_000, "{}", told.len());
    }
}

#[test]
fn a_table_is_read_once_for_all_shots() {
    let shots = (0..3_000).map(|n| format!("- {{id: s{n}, foreach: cast.csv}}\n"));
    let shots = shots.collect::<Vec<_>>().concat();
    let memory = Memory::new([
        ("film.yaml", format!("version: 1\nshots:\n{shots}")),
        ("cast.csv", "name\nmei\n".to_owned()),
    ]);
    let (_, diagnostics, _) = memory.parse();
    assert_eq!(diagnostics, []);
    assert_eq!(memory.reads.get(), 1);
}

#[test]
fn rows_of_tables_have_places() {
    let (ids, told) = film(&[
        (
            "film.yaml",
            "version: 1\nshots: [{id: a, foreach: cast.csv}, {id: b, foreach: cast.csv}, {id: c, foreach: [{x: [1]}, 2]}]\n",
        ),
        ("cast.csv", "name,name,\n\"Mei, L\",2,3\nx,y\n"),
    ]);
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!(
        told,
        [
            "film.yaml: wrong-type: a row has a text or a number here, this is a list @ [1]",
            "film.yaml: wrong-type: a row has names and values here, this is a number @ 2",
            "cast.csv: duplicate-key: two columns are called `name` @ name",
            "cast.csv: missing-key: a column has no name @ ",
            "cast.csv: wrong-type: this row has 2 cells, and there are 3 columns @ x,y",
        ]
    );
}
