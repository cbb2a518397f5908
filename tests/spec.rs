//! The bundled documents: what they say, what they refuse and why, and that
//! they alone decide it.

use runner::spec::{Mode, Spec, Unlisted, Violation, ViolationKind};
use serde_json::{Value, json};

const HAILUO_23: &str = "MiniMax-Hailuo-2.3";
const HAILUO_23_FAST: &str = "MiniMax-Hailuo-2.3-Fast";
const HAILUO_02: &str = "MiniMax-Hailuo-02";

/// A body that its mode accepts for a model, without optional fields.
fn body(mode: Mode, model: &str) -> Value {
    let frame = "https://example.com/frame.png";
    match mode {
        Mode::TextToVideo => json!({ "model": model, "prompt": "A kite." }),
        Mode::ImageToVideo => json!({ "model": model, "first_frame_image": frame }),
        Mode::FirstLastFrame => {
            json!({ "model": model, "first_frame_image": frame, "last_frame_image": frame })
        }
        Mode::SubjectReference => json!({
            "model": model,
            "subject_reference": [{ "type": "character", "image": [frame] }],
        }),
    }
}

fn with(mut body: Value, field: &str, value: impl Into<Value>) -> Value {
    body[field] = value.into();
    body
}

fn validate(body: &Value) -> Vec<Violation> {
    let mode = Mode::of_request(body.as_object().expect("a body is a mapping"));
    Spec::bundled().validate(mode, body)
}

fn told(violations: &[Violation]) -> String {
    let lines = violations.iter().map(|v| {
        let reason = v.reason.as_deref().unwrap_or("-");
        format!("{}: {}\n  why: {reason}\n", v.pointer, v.message)
    });
    lines.collect()
}

#[test]
fn the_surface_is_reviewed() {
    insta::assert_snapshot!(Spec::bundled().surface());
}

/// The vendor's table: which model makes what, by mode, resolution and seconds.
fn offered(mode: Mode, model: &str, resolution: &str, seconds: u32) -> bool {
    let listed: &[(&str, &[u32])] = match (mode, model) {
        (Mode::TextToVideo, HAILUO_23 | HAILUO_02)
        | (Mode::ImageToVideo, HAILUO_23 | HAILUO_23_FAST)
        | (Mode::FirstLastFrame, HAILUO_02) => &[("768P", &[6, 10]), ("1080P", &[6])],
        (Mode::ImageToVideo, HAILUO_02) => {
            &[("512P", &[6, 10]), ("768P", &[6, 10]), ("1080P", &[6])]
        }
        (Mode::TextToVideo, "T2V-01-Director" | "T2V-01")
        | (Mode::ImageToVideo, "I2V-01-Director" | "I2V-01-live" | "I2V-01") => &[("720P", &[6])],
        _ => &[],
    };
    let mut rows = listed.iter();
    rows.any(|(name, lengths)| *name == resolution && lengths.contains(&seconds))
}

#[test]
fn the_schemas_say_what_the_vendors_table_says() {
    let spec = Spec::bundled();
    let mut accepted = 0;
    for mode in Mode::ALL {
        for model in spec.all_models() {
            for resolution in ["512P", "720P", "768P", "1080P", "2K"] {
                for seconds in [5, 6, 10] {
                    let request = with(body(mode, model), "resolution", resolution);
                    let request = with(request, "duration", seconds);
                    let violations = spec.validate(mode, &request);
                    let expected = offered(mode, model, resolution, seconds);
                    assert_eq!(
                        violations.is_empty(),
                        expected,
                        "{mode} {model} {resolution} {seconds}: {violations:?}"
                    );
                    accepted += u32::from(expected);
                    for violation in violations {
                        assert_explained(&violation);
                    }
                }
            }
        }
    }
    assert_eq!(accepted, 3 + 3 + 3 + 3 + 5 + 3 + 5);
}

/// A refusal names a rule, or says in itself what is possible.
fn assert_explained(violation: &Violation) {
    let explained = match &violation.kind {
        ViolationKind::Choice { allowed } => !allowed.is_empty(),
        _ => violation.reason.is_some(),
    };
    assert!(explained, "{violation:?}");
    assert!(violation.message.starts_with('`'), "{violation:?}");
    assert!(!violation.message.ends_with('.'), "{violation:?}");
}

/// Bodies that models and modes cannot make.
fn impossible() -> Vec<(&'static str, Value)> {
    let t2v = || body(Mode::TextToVideo, HAILUO_23);
    let i2v = || body(Mode::ImageToVideo, HAILUO_23);
    let fl2v = || body(Mode::FirstLastFrame, HAILUO_02);
    let old = || body(Mode::TextToVideo, "T2V-01");
    vec![
        (
            "a model without its mode",
            body(Mode::TextToVideo, HAILUO_23_FAST),
        ),
        (
            "a model that nobody knows",
            body(Mode::TextToVideo, "Hailuo-9"),
        ),
        ("no model", json!({ "prompt": "A kite." })),
        ("no prompt", json!({ "model": HAILUO_23 })),
        (
            "10 s at 1080P",
            with(with(t2v(), "resolution", "1080P"), "duration", 10),
        ),
        ("512P without a frame", with(t2v(), "resolution", "512P")),
        ("512P with a first frame", with(i2v(), "resolution", "512P")),
        ("512P with a last frame", with(fl2v(), "resolution", "512P")),
        ("720P from Hailuo", with(t2v(), "resolution", "720P")),
        (
            "1080P and 10 s from an old model",
            with(with(old(), "resolution", "1080P"), "duration", 10),
        ),
        ("10 s from an old model", with(old(), "duration", 10)),
        (
            "fast pretreatment of an old model",
            with(old(), "fast_pretreatment", true),
        ),
        (
            "fast pretreatment with a last frame",
            with(fl2v(), "fast_pretreatment", true),
        ),
        (
            "a resolution that nobody knows",
            with(t2v(), "resolution", "4K"),
        ),
    ]
}

/// Bodies whose values are wrong in themselves.
fn malformed() -> Vec<(&'static str, Value)> {
    let t2v = || body(Mode::TextToVideo, HAILUO_23);
    let i2v = || body(Mode::ImageToVideo, HAILUO_23);
    let s2v = || body(Mode::SubjectReference, "S2V-01");
    let image = |bytes: usize| format!("data:image/gif;base64,{}", "R".repeat(bytes));
    vec![
        (
            "resolution and duration with a subject",
            with(with(s2v(), "resolution", "720P"), "duration", 6),
        ),
        (
            "a subject and a frame",
            with(s2v(), "first_frame_image", "https://example.com/a.png"),
        ),
        (
            "two subjects",
            with(s2v(), "subject_reference", json!([1, 2])),
        ),
        ("no subject", with(s2v(), "subject_reference", json!([]))),
        (
            "a subject that is no person",
            with(
                s2v(),
                "subject_reference",
                json!([{ "type": "dog", "image": ["https://example.com/a.png"] }]),
            ),
        ),
        (
            "a subject without a picture",
            with(s2v(), "subject_reference", json!([{ "type": "character" }])),
        ),
        ("a field that nobody knows", with(t2v(), "seed", 7)),
        ("a length in text", with(t2v(), "duration", "6")),
        ("a switch in text", with(t2v(), "prompt_optimizer", "no")),
        (
            "a prompt that is too long",
            with(t2v(), "prompt", "é".repeat(2001)),
        ),
        (
            "an image of another type",
            with(i2v(), "first_frame_image", image(100_000)),
        ),
        (
            "an image by path",
            with(i2v(), "first_frame_image", "stills/girl.png"),
        ),
        (
            "a signed link of another scheme",
            with(
                i2v(),
                "first_frame_image",
                "ftp://me:pass@example.com/a.png?Signature=secret",
            ),
        ),
        (
            "a callback that is no address",
            with(t2v(), "callback_url", "example.com/hook"),
        ),
        ("no mapping", json!([])),
    ]
}

#[test]
fn refusals_in_words() {
    let mut out = String::new();
    for (name, request) in impossible().into_iter().chain(malformed()) {
        let mode = request
            .as_object()
            .map_or(Mode::TextToVideo, Mode::of_request);
        let violations = Spec::bundled().validate(mode, &request);
        assert!(!violations.is_empty(), "{name}");
        let entry = [&format!("# {name} ({mode})"), &told(&violations), ""];
        out += &entry.join("\n");
    }
    assert!(!out.contains("secret") && !out.contains("pass") && !out.contains("RRRR"));
    insta::assert_snapshot!(out);
}

#[test]
fn a_long_prompt_is_counted_in_characters() {
    let request = |count| {
        with(
            body(Mode::TextToVideo, HAILUO_23),
            "prompt",
            "é".repeat(count),
        )
    };
    assert_eq!(validate(&request(2000)), []);
    let violations = validate(&request(2001));
    assert_eq!(
        violations[0].kind,
        ViolationKind::TooLong {
            limit: 2000,
            actual: 2001
        }
    );
}

#[test]
fn an_unlisted_model_passes_only_where_it_is_allowed() {
    let spec = Spec::bundled();
    let request = body(Mode::TextToVideo, "gateway/video-1");
    assert_eq!(spec.validate(Mode::TextToVideo, &request).len(), 1);
    assert_eq!(
        spec.validate_with(Mode::TextToVideo, &request, Unlisted::Allow),
        []
    );
    let long = with(with(request, "resolution", "1080P"), "duration", 10);
    let violations = spec.validate_with(Mode::TextToVideo, &long, Unlisted::Allow);
    assert_eq!(violations.len(), 1);
    assert_eq!(violations[0].field.as_deref(), Some("duration"));
    // A listed model in the wrong mode is a mistake, whatever a gateway has.
    let wrong = body(Mode::TextToVideo, HAILUO_23_FAST);
    assert_eq!(
        spec.validate_with(Mode::TextToVideo, &wrong, Unlisted::Allow)
            .len(),
        1
    );
    // An unlisted name must still be a name.
    let number = body(Mode::TextToVideo, HAILUO_23);
    let number = with(number, "model", 7);
    assert_eq!(
        spec.validate_with(Mode::TextToVideo, &number, Unlisted::Allow)
            .len(),
        1
    );
}

#[test]
fn the_mode_follows_from_the_fields_present() {
    let mode = |fields: &[&str]| {
        let fields = fields.iter().map(|name| ((*name).to_owned(), json!("x")));
        Mode::of_request(&fields.collect()).to_string()
    };
    assert_eq!(mode(&[]), "T2V");
    assert_eq!(mode(&["first_frame_image"]), "I2V");
    assert_eq!(mode(&["last_frame_image"]), "FL2V");
    assert_eq!(mode(&["first_frame_image", "last_frame_image"]), "FL2V");
    assert_eq!(mode(&["first_frame_image", "subject_reference"]), "S2V");
}

#[test]
fn every_mode_takes_its_own_bodies_and_no_other() {
    let spec = Spec::bundled();
    for mode in Mode::ALL {
        let model = &spec.models(mode)[0];
        let request = body(mode, model);
        assert_eq!(
            Mode::of_request(request.as_object().expect("a mapping")),
            mode
        );
        for other in Mode::ALL {
            assert_eq!(
                spec.validate(other, &request).is_empty(),
                other == mode,
                "{mode} as {other}"
            );
        }
    }
}

#[test]
fn defaults_follow_the_model() {
    let spec = Spec::bundled();
    let default = |mode, model, field| spec.default_for(mode, model, field);
    assert_eq!(
        default(Mode::TextToVideo, HAILUO_23, "resolution"),
        Some(json!("768P"))
    );
    assert_eq!(
        default(Mode::TextToVideo, HAILUO_23, "duration"),
        Some(json!(6))
    );
    assert_eq!(
        default(Mode::TextToVideo, "T2V-01", "resolution"),
        Some(json!("720P"))
    );
    assert_eq!(
        default(Mode::TextToVideo, "gateway/video-1", "resolution"),
        Some(json!("768P"))
    );
    assert_eq!(
        default(Mode::TextToVideo, HAILUO_23, "fast_pretreatment"),
        Some(json!(false))
    );
    assert_eq!(
        default(Mode::TextToVideo, "T2V-01", "fast_pretreatment"),
        None
    );
    assert_eq!(default(Mode::TextToVideo, HAILUO_23, "prompt"), None);
    assert_eq!(
        default(Mode::SubjectReference, "S2V-01", "resolution"),
        None
    );
    for mode in Mode::ALL {
        for model in spec.models(mode) {
            let mut request = body(mode, model);
            for field in spec.fields(mode) {
                if let Some(value) = spec.default_for(mode, model, field) {
                    request[field] = value;
                }
            }
            assert_eq!(spec.validate(mode, &request), [], "{mode} {model}");
        }
    }
}

#[test]
fn what_comes_out() {
    let spec = Spec::bundled();
    let size = |mode, body: &Value| {
        let resolution = spec
            .output_resolution(mode, body)
            .expect("every mode has one");
        (
            spec.output_size(&resolution),
            spec.output_seconds(mode, body),
        )
    };
    let plain = body(Mode::TextToVideo, HAILUO_23);
    assert_eq!(
        size(Mode::TextToVideo, &plain),
        (Some((1366, 768)), Some(6))
    );
    let asked = with(with(plain, "resolution", "1080P"), "duration", 10);
    assert_eq!(
        size(Mode::TextToVideo, &asked),
        (Some((1920, 1080)), Some(10))
    );
    let subject = body(Mode::SubjectReference, "S2V-01");
    assert_eq!(
        size(Mode::SubjectReference, &subject),
        (Some((1280, 720)), Some(6))
    );
    assert_eq!(spec.output_size("540P"), Some((960, 540)));
    assert_eq!(spec.output_size("2K"), None);
}

#[test]
fn the_lists() {
    let spec = Spec::bundled();
    assert_eq!(spec.models(Mode::FirstLastFrame), [HAILUO_02]);
    assert_eq!(spec.all_models().len(), 9);
    assert_eq!(spec.modes_of(HAILUO_23_FAST), [Mode::ImageToVideo]);
    assert_eq!(spec.modes_of("none"), []);
    assert_eq!(
        spec.resolutions(Mode::ImageToVideo),
        ["512P", "720P", "768P", "1080P"]
    );
    assert_eq!(spec.durations(Mode::FirstLastFrame), [6, 10]);
    assert!(spec.durations(Mode::SubjectReference).is_empty());
    assert!(spec.has_field(Mode::ImageToVideo, "fast_pretreatment"));
    assert!(!spec.has_field(Mode::FirstLastFrame, "fast_pretreatment"));
    assert!(!spec.has_field(Mode::SubjectReference, "resolution"));
    let prompt = spec
        .field(Mode::TextToVideo, "prompt")
        .expect("the mode has prompts");
    assert_eq!(prompt["maxLength"], 2000);
    assert!(spec.camera_supported(Mode::TextToVideo, "T2V-01-Director"));
    assert!(!spec.camera_supported(Mode::TextToVideo, "T2V-01"));
    assert!(spec.retired("S2V-01") && !spec.retired(HAILUO_02));
    assert_eq!(spec.camera_commands().len(), 15);
    assert_eq!(spec.camera_commands()[4].en, "Push in");
    let images = spec.image_rules();
    assert_eq!(
        (images.max_bytes, images.min_ratio, images.max_ratio),
        (20_000_000, (2, 5), (5, 2))
    );
    assert_eq!(images.types.len(), 3);
    for code in [
        1000, 1001, 1002, 1004, 1008, 1024, 1026, 1027, 1028, 1030, 1033, 1039, 1041, 1042, 2013,
        2045, 2049, 2056, 2061,
    ] {
        assert!(spec.status_meaning(code).is_some(), "{code}");
    }
    assert_eq!(spec.status_meaning(7), None);
}

/// Changes one document of the bundled ones.
fn edited(name: &str, change: impl FnOnce(&mut Value)) -> Spec {
    let mut documents = Spec::bundled_documents();
    let (_, document) = documents
        .iter_mut()
        .find(|(known, _)| known == name)
        .expect("the document is bundled");
    change(document);
    Spec::from_documents(&documents).expect("the edited documents compile")
}

fn push(document: &mut Value, pointer: &str, value: impl Into<Value>) {
    let list = document.pointer_mut(pointer).and_then(Value::as_array_mut);
    list.expect("the document has this list").push(value.into());
}

#[test]
fn one_more_model_in_one_enum_is_a_usable_model() {
    let new = "MiniMax-Hailuo-9";
    let enumeration = "/components/schemas/TextToVideoRequest/properties/model/enum";
    let spec = edited("text-to-video.yaml", |document| {
        push(document, enumeration, new);
    });
    let mode = Mode::TextToVideo;
    assert!(spec.models(mode).iter().any(|model| model == new));
    assert_eq!(spec.modes_of(new), [mode]);
    assert!(!spec.retired(new));
    assert_eq!(spec.validate(mode, &body(mode, new)), []);
    assert_eq!(
        spec.default_for(mode, new, "resolution"),
        Some(json!("768P"))
    );
    assert_eq!(spec.default_for(mode, new, "duration"), Some(json!(6)));
    let long = with(with(body(mode, new), "resolution", "768P"), "duration", 10);
    assert_eq!(spec.validate(mode, &long), []);
    let sharp = with(with(body(mode, new), "resolution", "1080P"), "duration", 10);
    assert_eq!(spec.validate(mode, &sharp).len(), 1);
    assert!(spec.surface().contains(new));
    assert_ne!(Spec::bundled().validate(mode, &body(mode, new)), []);
}

#[test]
fn one_more_resolution_in_one_enum_is_a_usable_resolution() {
    let enumeration = "/components/schemas/TextToVideoRequest/properties/resolution/enum";
    let spec = edited("text-to-video.yaml", |document| {
        push(document, enumeration, "2K");
    });
    let request = with(body(Mode::TextToVideo, HAILUO_23), "resolution", "2K");
    assert_eq!(spec.validate(Mode::TextToVideo, &request), []);
    assert!(spec.resolutions(Mode::TextToVideo).contains(&"2K"));
    let old = with(body(Mode::TextToVideo, "T2V-01"), "resolution", "2K");
    assert_eq!(spec.validate(Mode::TextToVideo, &old).len(), 1);
}

#[test]
fn a_table_that_is_written_wrongly_is_refused_with_its_place() {
    let mut verdicts = Vec::new();
    for (pointer, value) in [
        ("/x-camera-commands/0", json!({ "id": "a" })),
        ("/x-output-sizes/720P", json!([1280])),
        ("/x-status-codes/0", json!(0)),
        (
            "/components/schemas/ImageSource/x-image/min_ratio",
            json!("2/5"),
        ),
        (
            "/components/schemas/ImageSource/x-image/max_bytes",
            json!("20 MB"),
        ),
        ("/components/schemas/ImageSource/pattern", json!("(")),
    ] {
        let mut documents = Spec::bundled_documents();
        let mut found = documents
            .iter_mut()
            .filter_map(|(_, d)| d.pointer_mut(pointer));
        *found.next().expect("a document has this place") = value;
        let refused = Spec::from_documents(&documents).expect_err(pointer);
        verdicts.push(refused.to_string());
    }
    let without = |name: &str| {
        let mut documents = Spec::bundled_documents();
        documents.retain(|(known, _)| known != name);
        Spec::from_documents(&documents)
            .expect_err(name)
            .to_string()
    };
    verdicts.push(without("image-to-video.yaml"));
    verdicts.push(without("shared.yaml"));
    insta::assert_snapshot!(verdicts.join("\n"));
}

#[test]
fn the_documents_are_in_english_in_our_own_words() {
    for (name, mut document) in Spec::bundled_documents() {
        if let Some(commands) = document.get_mut("x-camera-commands") {
            for command in commands.as_array_mut().expect("a list") {
                command["zh"] = json!("");
            }
        }
        let foreign = document.to_string().chars().find(|c| *c as u32 >= 0x2E80);
        assert_eq!(foreign, None, "{name}");
    }
}

#[test]
fn the_examples_of_the_documents_are_valid() {
    for (name, document) in Spec::bundled_documents() {
        let schemas = document
            .pointer("/components/schemas")
            .and_then(Value::as_object);
        for mode in Mode::ALL {
            let schema = schemas.and_then(|schemas| schemas.get(mode.component()));
            let examples = schema.and_then(|schema| schema["examples"].as_array());
            for example in examples.into_iter().flatten() {
                assert_eq!(validate(example), [], "{name}");
            }
        }
    }
}
