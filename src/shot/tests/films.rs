//! Films of several files: what they come to, and the laws that hold for them.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use proptest::prelude::{Just, ProptestConfig, Strategy as _};
use proptest::{prop_assert_eq, proptest};

use super::{MediaSource, Overrides, Shot, expand};
use crate::diag::Diagnostic;
use crate::manifest::files::memory::Memory;
use crate::spec::Spec;

/// Every shot and every mistake of a film, whose first file is the manifest.
fn expanded<P: Into<String>, T: Into<String>>(
    files: impl IntoIterator<Item = (P, T)>,
) -> (Vec<Shot>, Vec<Diagnostic>) {
    let (manifest, mut diagnostics, sources) = Memory::new(files).parse();
    let manifest = manifest.expect("a manifest");
    let overrides = Overrides::default();
    let (shots, mut found) = expand(&manifest, &sources, &overrides, Spec::bundled());
    diagnostics.append(&mut found);
    (shots, diagnostics)
}

/// What a shot asks for, without the places that it comes from.
fn asked(shot: &Shot) -> String {
    let mut text = format!("{} {:?}", shot.id, shot.tags);
    let prompt = shot.prompt.as_ref();
    let _ = write!(text, " {}", prompt.map_or("-", |prompt| &prompt.text));
    for setting in &shot.settings {
        let _ = write!(text, " {}={}", setting.field, setting.value);
    }
    for (name, picture) in [("first", &shot.first_frame), ("subject", &shot.subject)] {
        if let Some(picture) = picture {
            let _ = write!(text, " {name}={:?}", picture.source);
        }
    }
    text
}

/// The same of all shots of a film that has nothing wrong with it.
fn film<P: Into<String>, T: Into<String>>(files: impl IntoIterator<Item = (P, T)>) -> Vec<String> {
    let (shots, diagnostics) = expanded(files);
    assert_eq!(diagnostics, []);
    shots.iter().map(asked).collect()
}

#[test]
fn overrides_are_for_single_shots_of_many() {
    let main = "version: 1
include: acts/one.yaml
defaults: {model: M, duration: 6, tags: [all]}
looks: {noir: {prompt: dark, resolution: 768P}}
shots:
  - {id: rain, matrix: {lens: [35mm, 85mm], time: [day, night]}, prompt: 'a {{ matrix.lens }}', camera: [push in], look: noir}
overrides:
  rain-*: {duration: 8, tags: [wet]}
  rain-85mm-*: {camera: []}
  rain-85mm-night: {prompt: 'the {{ shot.id }}, {{ matrix.time }}', duration: null, look: null}
  rain-35mm-day: {duration: 10, resolution: 1080P}
  dock: {first_frame: dock.png}
";
    let shots = film([
        ("film.yaml", main),
        (
            "acts/one.yaml",
            "shots: [{id: dock, prompt: x, first_frame: own.png}]\noverrides: {rain-35mm-day: {tags: [act]}}\n",
        ),
    ]);
    assert_eq!(
        shots,
        [
            "dock [\"all\"] x model=\"M\" duration=6 first=File { path: \"dock.png\" }",
            "rain-35mm-day [\"all\", \"act\", \"wet\"] a 35mm, dark [Push in] model=\"M\" duration=10 resolution=\"1080P\"",
            "rain-35mm-night [\"all\", \"wet\"] a 35mm, dark [Push in] model=\"M\" duration=8 resolution=\"768P\"",
            "rain-85mm-day [\"all\", \"wet\"] a 85mm, dark model=\"M\" duration=8 resolution=\"768P\"",
            "rain-85mm-night [\"all\", \"wet\"] the rain-85mm-night, night model=\"M\"",
        ]
    );
}

#[test]
fn pictures_are_beside_the_file_that_names_them() {
    let (shots, diagnostics) = expanded([
        (
            "film.yaml",
            "version: 1\ninclude: [acts/one/act.yaml, cast/cast.yaml]\ndefaults: {model: M}\nshots: [{id: a, first_frame: a.png}, {id: c, subject: {character: mei}}]\n",
        ),
        (
            "acts/one/act.yaml",
            "shots: [{id: b, foreach: rows.csv, first_frame: '{{ row.picture }}', last_frame: https://x.example/y.png}]\n",
        ),
        ("acts/one/rows.csv", "id,picture\n1,../b.png\n"),
        ("cast/cast.yaml", "characters: {mei: {subject: mei.png}}\n"),
    ]);
    assert_eq!(diagnostics, []);
    let path = |at: usize| {
        let shot: &Shot = &shots[at];
        let picture = shot.first_frame.as_ref().or(shot.subject.as_ref());
        picture.map(|picture| picture.source.clone())
    };
    let file = |path: &str| {
        Some(MediaSource::File {
            path: Path::new(path).to_owned(),
        })
    };
    assert_eq!(path(0), file("acts/one/../b.png"));
    assert_eq!(path(1), file("a.png"));
    assert_eq!(path(2), file("cast/mei.png"));
}

#[test]
fn huge_tables_are_refused_quickly() {
    let rows = (0..900_000).map(|n| format!("{n},some words\n"));
    let rows = rows.collect::<Vec<_>>().concat();
    let started = Instant::now();
    let (shots, diagnostics) = expanded([
        (
            "film.yaml",
            "version: 1\nshots: [{id: a, foreach: t.csv, matrix: {n: [1, 2, 3]}, prompt: '{{ row.words }}'}]\n",
        ),
        ("t.csv", &format!("n,words\n{rows}")),
    ]);
    let took = started.elapsed();
    assert!(took.as_secs() < 20, "{took:?}");
    assert_eq!(shots.len(), 0);
    let codes: Vec<String> = (diagnostics.iter())
        .map(|told| format!("{}: {}", told.code, told.message))
        .collect();
    assert_eq!(codes.len(), 1, "{codes:?}");
    assert!(codes[0].starts_with("too-"), "{codes:?}");
}

#[test]
fn ten_thousand_rows_take_no_time() {
    let rows = (0..10_000).map(|n| format!("p{n},words {n}\n"));
    let rows = rows.collect::<Vec<_>>().concat();
    let started = Instant::now();
    let shots = film([
        (
            "film.yaml",
            "version: 1\nfragments: {dark: 'dark {{ row.words }}'}\nlooks: {noir: {prompt: '{{ fragments.dark }}'}}\ndefaults: {look: noir}\nshots: [{id: a, foreach: t.csv, prompt: 'x {{ row.words }}'}]\noverrides: {a-p77: {duration: 10}}\n",
        ),
        ("t.csv", &format!("name,words\n{rows}")),
    ]);
    let took = started.elapsed();
    assert!(took.as_secs() < 20, "{took:?}");
    assert_eq!(shots.len(), 10_000);
    assert_eq!(shots[77], "a-p77 [] x words 77, dark words 77 duration=10");
}

/// Names of every kind, each in a file of its own; none needs another one of its kind.
const NAMES: [&str; 6] = [
    "vars: {city: Rome}",
    "vars: {sky: '{{ 1 + 1 }} clouds'}",
    "fragments: {wet: 'wet {{ city }}', dark: 'dark, {{ fragments.wet }}'}",
    "fragments: {'lit(by)': 'lit by {{ by }}, {{ sky }}'}",
    "characters: {mei: {text: 'mei of {{ city }}', subject: mei.png}}",
    "looks: {noir: {prompt: '{{ fragments.dark }}', duration: 6}}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// What only gives names may be included in any order, before the shots or after them.
    #[test]
    fn names_may_come_from_anywhere(
        order in Just((0..NAMES.len()).collect::<Vec<_>>()).prop_shuffle(),
        before in proptest::bool::ANY,
    ) {
        let shots = "shots:
  - {id: a, look: noir, prompt: \"{{ characters.mei }}, {{ fragments.lit('neon') }}\"}
  - {id: b, subject: {character: mei}, prompt: '{{ sky }}'}\n";
        let written = |order: &[usize]| {
            let list: Vec<String> = order.iter().map(|at| format!("n{at}.yaml")).collect();
            let include = format!("include: [{}]\n", list.join(", "));
            let main = if before { format!("{include}{shots}") } else { format!("{shots}{include}") };
            let parts = NAMES.iter().enumerate();
            let parts = parts.map(|(at, text)| (format!("n{at}.yaml"), (*text).to_owned()));
            film([("film.yaml".to_owned(), format!("version: 1\n{main}"))].into_iter().chain(parts))
        };
        prop_assert_eq!(written(&order), written(&[0, 1, 2, 3, 4, 5]));
    }

    /// A film that is cut into files at any places is the same film.
    #[test]
    fn a_film_in_parts_is_the_film_in_one(
        shots in proptest::collection::vec((0..4usize, proptest::bool::ANY), 1..9),
    ) {
        let mut whole = String::from("version: 1\nscenes:\n");
        let mut files = vec![("film.yaml".to_owned(), String::from("version: 1\ninclude:\n"))];
        for (at, (look, cut)) in shots.iter().enumerate() {
            let look = ["", "duration: 6, ", "camera: [push in], ", "tags: [night], "][*look];
            let scene = format!("- {{id: s{at}, shots: [{{id: a{at}, {look}prompt: p}}]}}\n");
            whole.push_str(&scene);
            if at == 0 || *cut {
                let name = format!("acts/{at}.yaml");
                let _ = writeln!(files[0].1, "- {name}");
                files.push((name, "scenes:\n".to_owned()));
            }
            let last = files.len() - 1;
            files[last].1.push_str(&scene);
        }
        prop_assert_eq!(film(files), film([("film.yaml", whole)]));
    }
}
