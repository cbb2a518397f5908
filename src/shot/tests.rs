//! Whole manifests through `expand`: what comes out, and every mistake with its place.

mod films;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{FrameAt, MediaSource, Overrides, Shot, dependencies, expand};
use crate::diag::{Diagnostic, SourceFile, Sources};
use crate::manifest;
use crate::spec::Spec;

fn run_with(text: &str, overrides: &Overrides) -> (Vec<Shot>, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("shots.yaml", text));
    let (manifest, parsed) = manifest::parse(&mut sources, id, Spec::bundled(), &manifest::NoFiles);
    assert_eq!(parsed, [], "{text}");
    expand(
        &manifest.expect("a manifest"),
        &sources,
        overrides,
        Spec::bundled(),
    )
}

fn run(text: &str) -> (Vec<Shot>, Vec<Diagnostic>) {
    run_with(text, &Overrides::default())
}

/// The shots of a manifest that has nothing wrong with it.
fn shots(text: &str) -> Vec<Shot> {
    let (shots, diagnostics) = run(text);
    assert_eq!(diagnostics, [], "{text}");
    shots
}

fn told_of(text: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    let tell = |d: &Diagnostic| {
        let words = d
            .primary
            .as_ref()
            .map_or("-", |label| &text[label.span.start..label.span.end]);
        let mut told = format!("{}: {} @ {words}", d.code, d.message);
        for note in &d.notes {
            let _ = write!(told, " ({note})");
        }
        if let Some(help) = &d.help {
            let _ = write!(told, " | {help}");
        }
        told
    };
    diagnostics.iter().map(tell).collect()
}

/// `code: message @ marked words (notes) | help` of every diagnostic.
fn told(text: &str) -> Vec<String> {
    told_of(text, &run(text).1)
}

/// A manifest of one shot `a` with some lines of its own.
fn shot(lines: &str) -> String {
    format!(
        "version: 1\nshots:\n  - id: a\n    {}\n",
        lines.replace('\n', "\n    ")
    )
}

fn prompt(text: &str) -> String {
    let shots = shots(text);
    shots[0].prompt.as_ref().expect("a prompt").text.clone()
}

#[test]
fn the_story_of_the_design() {
    let text = r#"
version: 1
vars: { hero: a red-haired courier, city: rain-soaked Chongqing }
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P, duration: 6 }
output: { dir: out, file: "{{ shot.id }}.mp4" }
shots:
  - id: opening
    prompt: "{{ hero }} steps into {{ city }} {{ camera('push in') }}, then looks up."
    camera: [tilt up, [pan left, pedestal up]]
  - id: weather
    matrix: { sky: [rain, snow], lens: [35mm, 85mm] }
    prompt: "{{ city }}, {{ matrix.sky }}, {{ matrix.lens }} lens"
  - id: after
    duration: "{{ 2 * 3 }}"
    prompt_optimizer: "{{ 'true' }}"
    first_frame: { shot: opening, frame: 2.5s }
    last_frame: stills/woman.png
"#;
    let shots = shots(text);
    let ids: Vec<&str> = shots.iter().map(|shot| shot.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "opening",
            "weather-rain-35mm",
            "weather-rain-85mm",
            "weather-snow-35mm",
            "weather-snow-85mm",
            "after"
        ]
    );
    let opening = shots[0].prompt.as_ref().expect("a prompt");
    assert_eq!(
        opening.text,
        "a red-haired courier steps into rain-soaked Chongqing [Push in], then looks up. [Tilt up] [Pan left,Pedestal up]"
    );
    let camera: Vec<(Vec<String>, &str)> = opening
        .camera
        .iter()
        .map(|used| (used.commands.clone(), &text[used.span.start..used.span.end]))
        .collect();
    assert_eq!(
        camera,
        [
            (vec!["push_in".to_owned()], "camera('push in')"),
            (vec!["tilt_up".to_owned()], "tilt up"),
            (
                vec!["pan_left".to_owned(), "pedestal_up".to_owned()],
                "[pan left, pedestal up]"
            ),
        ]
    );
    assert_eq!(shots[1].file, "weather-rain-35mm.mp4");
    assert_eq!(
        shots[1].matrix,
        [
            ("sky".to_owned(), "rain".to_owned()),
            ("lens".to_owned(), "35mm".to_owned())
        ]
    );
    let after = &shots[5];
    assert_eq!(after.setting("duration").expect("set").value, json!(6));
    assert_eq!(
        after.setting("prompt_optimizer").expect("set").value,
        json!(true)
    );
    assert_eq!(
        after.setting("model").expect("a default").value,
        json!("MiniMax-Hailuo-2.3")
    );
    assert_eq!(dependencies(after), [shots[0].id.clone()]);
    let frame = after.first_frame.as_ref().expect("a frame");
    let at = FrameAt::Time(Duration::from_millis(2500));
    assert_eq!(
        frame.source,
        MediaSource::Frame {
            shot: shots[0].id.clone(),
            at
        }
    );
}

/// Every fixture of a folder: its name and text.
fn fixtures(folder: &str) -> Vec<(String, String)> {
    let folder = format!("{}/tests/fixtures/{folder}", env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(&folder).expect("the fixtures are part of the project");
    let paths = entries.map(|entry| entry.expect("a fixture").path());
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a fixture is UTF-8");
        (path.display().to_string(), text)
    };
    paths.map(read).collect()
}

/// Everything that both stages have to say.
fn both(text: &str) -> Vec<Diagnostic> {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("shots.yaml", text));
    let (manifest, mut diagnostics) =
        manifest::parse(&mut sources, id, Spec::bundled(), &manifest::NoFiles);
    if let Some(manifest) = manifest {
        let overrides = Overrides::default();
        diagnostics.extend(expand(&manifest, &sources, &overrides, Spec::bundled()).1);
    }
    diagnostics
}

#[test]
fn every_good_fixture_is_silent() {
    for (name, text) in fixtures("ok") {
        let diagnostics = both(&text);
        assert!(
            diagnostics.is_empty(),
            "{name}: {:?}",
            told_of(&text, &diagnostics)
        );
    }
}

#[test]
fn variables_and_their_precedence() {
    let text = "version: 1\nvars: {a: x, b: '{{ a }}{{ a }}', c: {d: [1, '{{ b }}']}}\nshots: [{id: s, prompt: '{{ b }} {{ c.d[1] }} {{ vars.a }}'}]\n";
    assert_eq!(prompt(text), "xx xx x");
    let mut sources = Sources::default();
    sources.add(SourceFile::new("shots.yaml", text));
    let file = sources.add(SourceFile::new(
        "vars.json",
        r#"{"a": "f{{ 1 }}", "b": "g"}"#,
    ));
    let (vars, diagnostics) = manifest::parse_vars(&sources, file);
    assert_eq!(diagnostics, []);
    let (manifest, _) = manifest::parse(
        &mut sources,
        crate::diag::SourceId(0),
        Spec::bundled(),
        &manifest::NoFiles,
    );
    let overrides = Overrides {
        vars: vec![
            ("b".to_owned(), json!("{{ raw }}")),
            ("hreo".to_owned(), json!(1)),
        ],
        files: vec![vars],
    };
    let (shots, diagnostics) = expand(
        &manifest.expect("a manifest"),
        &sources,
        &overrides,
        Spec::bundled(),
    );
    assert_eq!(
        shots[0].prompt.as_ref().expect("a prompt").text,
        "{{ raw }} {{ raw }} f1"
    );
    assert_eq!(
        told_of(text, &diagnostics),
        [
            "unknown-variable: the manifest declares no variable `hreo` @ - | declare `hreo` under `vars`"
        ]
    );
    assert_eq!(
        told("version: 1\nvars: {a: 1, b: 2}\nshots: [{id: s, prompt: '{{ a }} b'}]"),
        ["unused-variable: the variable `b` is used nowhere @ b \
          | write `{{ b }}` where it is meant, or delete it"]
    );
}

#[test]
fn template_mistakes_point_at_the_words() {
    for (lines, expected) in [
        (
            "prompt: 镜头 {{ nope }} x",
            "undefined-variable: `nope` is not defined @ nope | declare `nope` under `vars`",
        ),
        (
            "prompt: >-\n  镜头 and\n  {{ matrix.sky }} x",
            "undefined-variable: `matrix.sky` is not defined @ matrix.sky | this shot has no matrix",
        ),
        (
            "prompt: \"\\u955c {{ shot.idd|upper }}\"",
            "undefined-variable: `shot.idd` is not defined @ shot.idd | did you mean `shot.id`?",
        ),
        (
            "prompt: |\n  a\n    {{ shot.id | uper }}",
            "template: there is no filter `uper` @ uper | did you mean `upper`?",
        ),
        (
            "prompt: '{{ camra(1) }}'",
            "template: there is no function `camra` @ camra | did you mean `camera`?",
        ),
        (
            "prompt: 'it''s {{ camera(\"puhs in\") }}'",
            "unknown-camera: `puhs in` is no camera command @ puhs in | did you mean `Push in`?",
        ),
        (
            "prompt: 'x {{ 1 + }}'",
            "template: this template does not work: unexpected end of variable block @ }}",
        ),
        (
            "prompt: '{% for i in range(1000000000) %}x{% endfor %}'",
            "template: this template does not work: a range has 10000 items at most @ range(1000000000)",
        ),
        (
            "prompt: '{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}'",
            "template: this template does not come to an end @ {% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %} | loop over fewer items",
        ),
        (
            "prompt: '{% for i in range(9999) %}xxxxxxxxxx{% endfor %}'",
            "template: this template makes more than 65536 bytes of text @ {% for i in range(9999) %}xxxxxxxxxx{% endfor %}",
        ),
        (
            "prompt: '{% include \"x\" %}'",
            "template: `include` is not available in prompts @ include | `if`, `for` and `set` with `=` are there",
        ),
        (
            "prompt: '{% if shot.id %}x'",
            "template: `{% endif %}` is missing @ if | close it with `{% endif %}`",
        ),
        (
            "prompt: '{{ camera }}'",
            "template: no text can be made of this: it is a function, and it is not called @ camera | call it, as in `camera('push in')`",
        ),
        (
            "prompt: 'x {{ [1, 2] }}'",
            "template: no text can be made of this: it is a list @ [1, 2] | `|join(', ')` makes a text of a list",
        ),
        (
            "duration: '{{ 6'",
            "template: `}}` is missing @ {{ | close it with `}}`",
        ),
    ] {
        assert_eq!(told(&shot(lines)), [expected], "{lines}");
    }
}

#[test]
fn every_mistake_of_a_template_is_told() {
    let text = "{{ a }} {{ b.c }} {{ d is defined }} {{ e|default('x') }} {% for i in f %}{{ i }}{% endfor %} {{ camera('fly', \"Push in, zoomm in\") }} {{ a }}";
    let found = told(&shot(&format!("prompt: >-\n  {text}")));
    assert_eq!(
        found
            .iter()
            .map(|told| told.split(" |").next().unwrap_or(told))
            .collect::<Vec<_>>(),
        [
            "undefined-variable: `a` is not defined @ a",
            "undefined-variable: `b` is not defined @ b",
            "undefined-variable: `f` is not defined @ f",
            "unknown-camera: `fly` is no camera command @ fly",
            "unknown-camera: `zoomm in` is no camera command @ zoomm in",
        ]
    );
}

#[test]
fn variables_know_what_comes_later() {
    let text = "version: 1\nvars: {a: '{{ b }}', b: x, c: '{{ c }}'}\nshots: [{id: s, prompt: '{{ a }}{{ b }}{{ c }}'}]";
    assert_eq!(
        told(text),
        [
            "undefined-variable: `b` is not defined yet @ b | `b` comes later; move it above `a`",
            "undefined-variable: `c` uses itself @ c | write out what it stands for, or give it another name",
        ]
    );
}

#[test]
fn mistakes_of_a_matrix_are_told_once() {
    let text = shot(
        "matrix: {sky: [rain, snow, fog], lens: [35mm, 85mm]}\nprompt: '{{ matrix.skyy }} {{ hero }}'",
    );
    assert_eq!(
        told(&text),
        [
            "undefined-variable: `matrix.skyy` is not defined @ matrix.skyy (in `a-rain-35mm` and 5 more) | did you mean `matrix.sky`?",
            "undefined-variable: `hero` is not defined @ hero (in `a-rain-35mm` and 5 more) | declare `hero` under `vars`",
        ]
    );
}

#[test]
fn matrices() {
    let text = shot(
        "matrix: {b: [2, 1.50], c: ['X y', 镜], exclude: [{b: 2, c: 镜}], include: [{c: new, b: true}]}\nprompt: '{{ matrix.b }}'",
    );
    let ids: Vec<String> = shots(&text)
        .iter()
        .map(|shot| shot.id.to_string())
        .collect();
    assert_eq!(ids, ["a-2-x-y", "a-1-50-x-y", "a-1-50-镜", "a-true-new"]);
    let text = "version: 1\nshots: [{id: 'x{{ matrix.n }}-{{ shot.index }}', matrix: {n: [1, 2]}}]";
    let ids: Vec<String> = shots(text).iter().map(|shot| shot.id.to_string()).collect();
    assert_eq!(ids, ["x1-1", "x2-2"]);
    for (matrix, expected) in [
        (
            "{b: [1], include: [{d: 2}]}",
            vec![
                "matrix: an added combination gives every value; `b` is missing @ {d: 2}",
                "matrix: this matrix has no list `d` @ d",
            ],
        ),
        (
            "{b: [1], exclude: [{b: 1}]}",
            vec![
                "matrix: nothing is left of this matrix, so the shot is never made @ {b: [1], exclude: [{b: 1}]}",
            ],
        ),
        (
            "{b: [1], exclude: [{b: 7}]}",
            vec!["matrix: this leaves nothing out @ {b: 7}"],
        ),
        (
            "{b: [x y, x-y]}",
            vec!["duplicate-id: two combinations of this shot are called `a-x-y` @ a"],
        ),
    ] {
        assert_eq!(
            told(&shot(&format!("matrix: {matrix}"))),
            expected,
            "{matrix}"
        );
    }
}

#[test]
fn ids_are_unique_whatever_their_case() {
    assert_eq!(
        told("version: 1\nshots: [{id: one}, {id: One}, {id: one}, {id: 'a/b'}]"),
        [
            "duplicate-id: `one` and `One` differ only in case @ One",
            "duplicate-id: two shots are called `one` @ one",
            "bad-id: a shot id is made of letters, digits, `-`, `_` and `.`, not `/` @ 'a/b' \
             | write `id: a-b`",
        ]
    );
}

#[test]
fn camera_lists() {
    assert_eq!(
        prompt(&shot("prompt: x\ncamera: ['{{ \"push\" }} in', 推进]")),
        "x [Push in] [推进]"
    );
    assert_eq!(prompt(&shot("camera: [shake]")), "[Shake]");
    assert_eq!(
        told(&shot("camera: [push inn, [static shot, shake], zebra]")),
        [
            "unknown-camera: `push inn` is no camera command @ push inn | did you mean `Push in`?",
            "camera-combination: a static shot and `Shake` at once contradict each other @ [static shot, shake]",
            "unknown-camera: `zebra` is no camera command @ zebra | the commands are `Truck left`, `Truck right`, `Pan left`, `Pan right`, `Push in`, `Pull out`, `Pedestal up`, `Pedestal down`, `Tilt up`, `Tilt down`, `Zoom in`, `Zoom out`, `Shake`, `Tracking shot` and `Static shot`",
        ]
    );
    assert_eq!(
        told(&shot("prompt: 他走来 [Push out] 然后")),
        [
            "unknown-camera: `Push out` is nearly a camera command, but none @ [Push out] | did you mean `Pull out`?"
        ]
    );
}

#[test]
fn references_between_shots() {
    let two = |a: &str, b: &str| {
        format!(
            "version: 1\nshots:\n  - {{id: a, first_frame: {a}}}\n  - {{id: b, first_frame: {b}}}\n"
        )
    };
    assert_eq!(
        told(&two("{shot: bb}", "x.png")),
        ["unknown-shot: there is no shot `bb` @ bb"]
    );
    assert_eq!(
        told(&two("{shot: a}", "x.png")),
        ["cycle: `a` waits for a frame of itself @ a"]
    );
    assert_eq!(
        told(&two("{shot: b}", "{shot: a}")),
        ["cycle: these shots wait for each other: a → b → a @ b"]
    );
    assert_eq!(
        told(&two("{shot: b, frame: frist}", "ftp://x/y.png")),
        [
            "bad-value: `frist` is no frame of a video @ frist | did you mean `first`?",
            "bad-value: pictures come from http and https addresses, not from `ftp` @ ftp://x/y.png",
        ]
    );
    let text = "version: 1\nshots:\n  - {id: m, matrix: {n: [1, 2]}}\n  - {id: b, first_frame: {shot: m}}\n";
    assert_eq!(
        told(text),
        ["unknown-shot: `m` stands for 2 shots @ m | name one of them: `m-1`, `m-2`"]
    );
    let text = "version: 1\nshots:\n  - {id: m, matrix: {n: [1, 2]}}\n  - {id: b, matrix: {n: [1, 2]}, first_frame: {shot: 'm-{{ matrix.n }}', frame: middle}}\n";
    assert_eq!(dependencies(&shots(text)[3])[0].as_str(), "m-2");
}

#[test]
fn files_are_apart() {
    let with = |file: &str| {
        format!("version: 1\noutput: {{file: \"{file}\"}}\nshots: [{{id: a}}, {{id: b}}]\n")
    };
    assert_eq!(shots(&with("x/{{ shot.id }}.mp4"))[1].file, "x/b.mp4");
    assert_eq!(
        told(&with("same.mp4")),
        [
            "output-path: `a` and `b` would both be written to `same.mp4` @ \"same.mp4\" (in `b`) | use `{{ shot.id }}` in the name"
        ]
    );
    assert_eq!(
        told(&with("../{{ shot.id }}.mp4")),
        [
            "output-path: the file name `../a.mp4` leads out of the output folder @ \"../{{ shot.id }}.mp4\" (in `a` and 1 more)"
        ]
    );
}

#[test]
fn hostile_manifests_are_refused_quickly() {
    let ten = "[0,1,2,3,4,5,6,7,8,9]";
    let axes: Vec<String> = (0..9).map(|axis| format!("a{axis}: {ten}")).collect();
    let doubling = format!(
        "{{% set x = 'ab' %}}{}{{{{ x }}}}",
        "{% set x = x ~ x %}".repeat(60)
    );
    let laughs = (0..40).fold(String::from("a0: xxxxxxxxxx"), |vars, level| {
        format!(
            "{vars}, a{}: '{{{{ a{level} }}}}{{{{ a{level} }}}}'",
            level + 1
        )
    });
    for (text, code) in [
        (
            shot(&format!("matrix: {{{}}}", axes.join(", "))),
            "too-many-shots",
        ),
        (shot(&format!("prompt: \"{doubling}\"")), "template"),
        (
            format!("version: 1\nvars: {{{laughs}}}\nshots: [{{id: a, prompt: '{{{{ a40 }}}}'}}]"),
            "template",
        ),
        (shot("prompt: \"{{ 'x' * 1000000000 }}\""), "template"),
        (
            shot("prompt: '{% for i in range(10000) recursive %}{{ loop([i]) }}{% endfor %}'"),
            "template",
        ),
        (
            shot(&format!(
                "prompt: \"{{{{ {}1{} }}}}\"",
                "(".repeat(5000),
                ")".repeat(5000)
            )),
            "template",
        ),
        (
            shot(&format!(
                "matrix: {{n: [{}]}}\nprompt: '{{% for i in range(9999) %}}{{% endfor %}}{{{{ matrix.n }}}}'",
                (0..50_000)
                    .map(|n| n.to_string())
                    .collect::<Vec<_>>()
                    .join(",")
            )),
            "too-large",
        ),
    ] {
        let start = Instant::now();
        let (_, diagnostics) = run(&text);
        assert!(
            diagnostics.iter().any(|d| d.code.as_str() == code),
            "{code}: {:?}",
            told_of(&text, &diagnostics)
        );
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{code} took {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn long_chains_of_shots_are_no_problem() {
    // Where the author wants them; else they are warned of.
    let mut text =
        String::from("version: 1\nlimits: {chain_depth: 1000000}\nshots:\n  - {id: s0}\n");
    for at in 1..20_000 {
        let _ = writeln!(
            text,
            "  - {{id: s{at}, first_frame: {{shot: s{}}}}}",
            at - 1
        );
    }
    assert_eq!(shots(&text).len(), 20_000);
}

#[test]
fn ten_thousand_shots_take_no_time() {
    let mut text = String::from(
        "version: 1\nvars: {hero: x}\ndefaults: {model: MiniMax-Hailuo-2.3, duration: 6}\nshots:\n",
    );
    for at in 0..10_000 {
        let _ = writeln!(
            text,
            "  - id: s{at}\n    prompt: '{{{{ hero }}}} number {at} [push in]'\n    resolution: 768P"
        );
    }
    let start = Instant::now();
    assert_eq!(shots(&text).len(), 10_000);
    // A generous bound for a busy machine and a build without optimisation.
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn scenes_are_the_order_of_the_text() {
    let text = "version: 1
vars: {city: Rome, sky: rain}
defaults: {model: M, duration: 6, tags: [film], camera: pan left}
scenes:
  - id: s1
    title: The dock
    tags: [night, film]
    vars: {city: '{{ city }} by night', sea: calm}
    defaults: {duration: 10, tags: sea}
    shots:
      - {id: '{{ scene.id }}-a', tags: [hero, night], prompt: '{{ city }} {{ sea }} {{ scene.title }} {{ vars.sky }}'}
      - {id: b, duration: 6, model: N, prompt: x, camera: []}
  - {id: s2, shots: [{id: c, prompt: '{{ city }} {{ scene.id }}'}]}
shots:
  - {id: d, prompt: '{{ vars.city }}{% if scene.id is defined %}!{% endif %}', camera: tilt up}
";
    let shots = shots(text);
    let shown: Vec<String> = shots
        .iter()
        .map(|shot| {
            let scene = shot.scene.as_ref().map_or("-", |scene| &scene.id);
            let duration = &shot.setting("duration").expect("a default").value;
            let model = &shot.setting("model").expect("a default").value;
            let prompt = &shot.prompt.as_ref().expect("a prompt").text;
            let tags = shot.tags.join(",");
            format!("{} {scene} {duration} {model} [{tags}] {prompt}", shot.id)
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#"s1-a s1 10 "M" [film,sea,night,hero] Rome by night calm The dock rain [Pan left]"#,
            r#"b s1 6 "N" [film,sea,night] x"#,
            r#"c s2 6 "M" [film] Rome s2 [Pan left]"#,
            r#"d - 6 "M" [film] Rome [Tilt up]"#,
        ]
    );
    let title = shots[0].scene.as_ref().expect("a scene").title.as_deref();
    assert_eq!(title, Some("The dock"));
}

#[test]
fn values_from_outside_reach_scenes() {
    let text = "version: 1\nscenes: [{id: s, vars: {a: x, b: '{{ a }}'}, shots: [{id: t, prompt: '{{ a }}{{ b }}'}]}]\n";
    let overrides = Overrides {
        vars: vec![("a".to_owned(), json!("y"))],
        files: Vec::new(),
    };
    let (shots, diagnostics) = run_with(text, &overrides);
    assert_eq!(diagnostics, []);
    assert_eq!(shots[0].prompt.as_ref().expect("a prompt").text, "yy");
}

#[test]
fn names_of_scenes_that_are_not_there() {
    let scene = |rest: &str| format!("version: 1\nscenes: [{{id: s, {rest}}}]\n");
    for (text, expected) in [
        (
            scene("shots: [{id: a, prompt: '{{ scene.title }}'}]"),
            "undefined-variable: `scene.title` is not defined @ scene.title | give the scene a `title`",
        ),
        (
            shot("prompt: '{{ scene.id }}'"),
            "undefined-variable: `scene.id` is not defined @ scene.id | this shot stands in no scene",
        ),
        (
            scene("vars: {city: x}, shots: [{id: a, prompt: '{{ ctiy }}{{ city }}'}]"),
            "undefined-variable: `ctiy` is not defined @ ctiy | did you mean `city`?",
        ),
        (
            scene("vars: {lens: x}, shots: [{id: a, prompt: y}]"),
            "unused-variable: the variable `lens` is used nowhere @ lens | write `{{ lens }}` where it is meant, or delete it",
        ),
    ] {
        assert_eq!(told(&text), [expected], "{text}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    /// Defaults of a scene are nothing but what its shots could say themselves.
    #[test]
    fn scene_defaults_are_written_out_by_hand(
        film in (0..3u8, 0..3u8),
        scenes in proptest::collection::vec((0..3u8, 0..3u8, proptest::collection::vec((0..3u8, 0..3u8), 1..4)), 1..4),
    ) {
        let model = |n: u8| ["", "model: A, ", "model: B, "][usize::from(n)];
        let duration = |n: u8| ["", "duration: 6, ", "duration: 10, "][usize::from(n)];
        let nearest = |all: [u8; 3]| all.into_iter().find(|n| *n > 0).unwrap_or(0);
        let head = "version: 1\n";
        let mut short = format!("{head}defaults: {{{}{}}}\nscenes:\n", model(film.0), duration(film.1));
        let mut long = format!("{head}scenes:\n");
        for (number, (m, d, shots)) in scenes.iter().enumerate() {
            let _ = write!(short, "- {{id: s{number}, defaults: {{{}{}}}, shots: [", model(*m), duration(*d));
            let _ = write!(long, "- {{id: s{number}, shots: [");
            for (at, own) in shots.iter().enumerate() {
                let id = format!("id: x{number}-{at}, prompt: p");
                let _ = write!(short, "{{{}{}{id}}}, ", model(own.0), duration(own.1));
                let (m, d) = (nearest([own.0, *m, film.0]), nearest([own.1, *d, film.1]));
                let _ = write!(long, "{{{}{}{id}}}, ", model(m), duration(d));
            }
            short.push_str("]}\n");
            long.push_str("]}\n");
        }
        let asked = |text: &str| -> Vec<_> {
            let values = |shot: &Shot| -> Vec<_> {
                let settings = shot.settings.iter();
                settings.map(|s| (s.field.clone(), s.value.clone())).collect()
            };
            shots(text).iter().map(|shot| (shot.id.clone(), shot.scene.clone(), values(shot))).collect()
        };
        proptest::prop_assert_eq!(asked(&short), asked(&long));
    }
}

#[test]
fn fragments_characters_and_looks() {
    let text = "version: 1
vars: {city: Rome}
fragments: {where: 'in {{ city }}, {{ matrix.sky }}', 'lit(by, how)': 'lit {{ how }} by {{ by }}, {{ fragments.where }}'}
characters: {mei: {text: 'a courier {{ fragments.where }}', subject: mei.png}}
looks: {noir: {prompt: '{{ fragments.lit(\"neon\", 2) }}', duration: 6, resolution: 768P}, day: {prompt: sun}}
defaults: {model: M, duration: 10, look: noir}
shots:
  - {id: a, matrix: {sky: [rain]}, prompt: '{{ characters.mei }}', resolution: 1080P, subject: {character: mei}}
  - {id: b, look: day, prompt: '走。'}
  - {id: c, look: null, prompt: x, foreach: [{n: Kim, v: 1}, {n: Jo, v: 2}], matrix: {l: [A, B]}, duration: '{{ row.v }}'}
overrides: {c-*: {look: day}, c-kim-b: {duration: 7, tags: [seven]}}
";
    let shown: Vec<String> = shots(text)
        .iter()
        .map(|shot| {
            let values = shot.settings.iter().map(|s| s.value.to_string());
            let values: Vec<String> = values.collect();
            let prompt = &shot.prompt.as_ref().expect("a prompt").text;
            format!(
                "{} {} {prompt} {}",
                shot.id,
                values.join(","),
                shot.tags.join(",")
            )
        })
        .collect();
    let mut shown = shown.iter().map(|line| line.trim_end());
    assert_eq!(
        shown.next(),
        Some("a-rain \"M\",6,\"1080P\" a courier in Rome, rain, lit 2 by neon, in Rome, rain")
    );
    assert_eq!(shown.next(), Some("b \"M\",10 走。sun"));
    let rest: Vec<&str> = shown.collect();
    assert_eq!(
        rest,
        [
            "c-kim-a \"M\",1 x, sun",
            "c-kim-b \"M\",7 x, sun seven",
            "c-jo-a \"M\",2 x, sun",
            "c-jo-b \"M\",2 x, sun",
        ]
    );
}

#[test]
fn mistakes_in_named_texts_point_into_them() {
    let film = |lines: &str, prompt: &str| {
        format!("version: 1\n{lines}\nshots: [{{id: s, prompt: \"{prompt}\"}}]\n")
    };
    for (text, expected) in [
        (
            film(
                "fragments: {noir: 'x {{ heroo }}'}\nvars: {hero: y}",
                "{{ fragments.noir }}{{ hero }}",
            ),
            "undefined-variable: `heroo` is not defined @ heroo (in `s`) | did you mean `hero`?",
        ),
        (
            film(
                "fragments: {noir: x}",
                "{{ fragments.nior }} {{ fragments.noir }}",
            ),
            "undefined-variable: `fragments.nior` is not defined @ fragments.nior | did you mean `fragments.noir`?",
        ),
        (
            film(
                "fragments: {'lit(by)': '{{ by }}'}",
                "{{ fragments.lit() }}",
            ),
            "template: this template does not work: `fragments.lit` is written `fragments.lit('by')` @ fragments.lit()",
        ),
        (
            film(
                "fragments: {a: '{{ fragments.b }}', b: '{{ fragments.a }}'}",
                "{{ fragments.a }}",
            ),
            "cycle: `fragments.a` uses itself @ a (`fragments.a` uses `fragments.b`, which uses `fragments.a`) | write one of them without the other",
        ),
        (
            film("looks: {noir: {prompt: x}}\ndefaults: {look: noire}", "x"),
            "unknown-name: there is no look `noire` @ noire | did you mean `noir`?",
        ),
        (
            film("fragments: {noir: x}", "x"),
            "unused-variable: the fragment `noir` is used nowhere @ noir | write `{{ fragments.noir }}` where it is meant, or delete it",
        ),
        (
            film("overrides: {t: {duration: 6}}", "x"),
            "unknown-shot: there is no shot `t` @ t | `runner check FILE` lists the ids",
        ),
    ] {
        let told = told(&text);
        assert!(told.contains(&expected.to_owned()), "{text}\n{told:#?}");
    }
}

#[test]
fn named_texts_that_double_each_other_end() {
    let mut text = "version: 1\nfragments:\n".to_owned();
    for n in 0..14 {
        let next = format!("{{{{ fragments.f{} }}}}", n + 1).repeat(8);
        let _ = writeln!(text, "  f{n}: \"{next}\"");
    }
    text.push_str(
        "  f14: \"xxxxxxxxxxxxxxxx\"\nshots: [{id: s, prompt: \"{{ fragments.f0 }}\"}]\n",
    );
    let started = Instant::now();
    let (_, diagnostics) = run(&text);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    assert!(diagnostics.iter().any(Diagnostic::is_error));
}
