//! What the language means, and that it can be written again as it was read.

use proptest::prelude::*;

use super::{Asked, Candidate, Expr, Field, Past, Pattern, Status, StatusWord};
use super::{judge, parse, unknown};
use crate::diag::SourceId;
use crate::event::{Decision, Scene};
use crate::id::ShotId;
use crate::spec::Mode;

const FILE: SourceId = SourceId(0);

fn id(name: &str) -> ShotId {
    ShotId::new(name).expect("a good id")
}

fn shot(name: &str, scene: (&str, &str), tags: &[&str]) -> Candidate {
    Candidate {
        id: id(name),
        scene: Some(Scene {
            id: scene.0.to_owned(),
            title: Some(scene.1.to_owned()),
        }),
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        request: Some(Asked {
            model: "MiniMax-Hailuo-2.3".to_owned(),
            mode: Mode::TextToVideo,
            depends_on: Vec::new(),
        }),
        past: None,
    }
}

fn with(mut shot: Candidate, needs: &[&str], past: (Status, Decision, bool)) -> Candidate {
    if let Some(request) = &mut shot.request {
        request.depends_on = needs.iter().map(|name| id(name)).collect();
        if !needs.is_empty() {
            request.mode = Mode::ImageToVideo;
        }
    }
    shot.past = Some(Past {
        status: past.0,
        decision: past.1,
        failed: past.2,
    });
    shot
}

/// opening ← after ← last, weather-35mm, weather-85mm, 镜头一, and one with a mistake.
fn film() -> Vec<Candidate> {
    let bridge = ("bridge", "On the Bridge");
    let street = ("街", "the street at night");
    let made = (Status::Saved, Decision::Reuse, false);
    let new = (Status::New, Decision::Create, false);
    let failed = (Status::Failed, Decision::Failed, true);
    let waits = (Status::NotMade, Decision::Wait, false);
    let mut film = vec![
        with(shot("opening", bridge, &["night", "hero"]), &[], made),
        with(shot("after", bridge, &["night"]), &["opening"], waits),
        with(shot("last", bridge, &[]), &["after"], waits),
        with(shot("weather-35mm", street, &["rain at dusk"]), &[], failed),
        with(shot("weather-85mm", street, &["雨"]), &[], new),
        with(shot("镜头一", street, &["雨", "and"]), &[], made),
        shot("broken", street, &[]),
    ];
    film[5].request.as_mut().expect("it has one").model = "vendor/S2V-01".to_owned();
    film[6].request = None;
    film
}

fn chosen(text: &str) -> Vec<String> {
    let film = film();
    let expr = parse(text, FILE).unwrap_or_else(|told| panic!("{text}: {}", told.message));
    let told = unknown(&expr, &film, FILE);
    assert!(told.is_empty(), "{text}: {}", told[0].message);
    let verdict = judge(&expr, &film).into_iter();
    let meant = film.iter().zip(verdict).filter(|(_, meant)| *meant);
    meant.map(|(shot, _)| shot.id.to_string()).collect()
}

#[test]
fn names_and_patterns() {
    assert_eq!(chosen("opening"), ["opening"]);
    assert_eq!(chosen("weather-*"), ["weather-35mm", "weather-85mm"]);
    assert_eq!(chosen("*-35mm"), ["weather-35mm"]);
    assert_eq!(chosen("weather-[0-5]*"), ["weather-35mm"]);
    assert_eq!(chosen("[!w]*[!g]"), ["after", "last", "镜头一", "broken"]);
    assert_eq!(chosen("镜头?"), ["镜头一"]);
    assert_eq!(chosen("\"opening\" | 'after'"), ["opening", "after"]);
    assert_eq!(chosen("id( opening )"), ["opening"]);
}

#[test]
fn tags_scenes_models_modes() {
    assert_eq!(chosen("tag(night)"), ["opening", "after"]);
    assert_eq!(chosen("tag(雨)"), ["weather-85mm", "镜头一"]);
    assert_eq!(chosen("tag(rain at dusk)"), ["weather-35mm"]);
    assert_eq!(chosen("tag(rain at *)"), ["weather-35mm"]);
    assert_eq!(chosen("tag(and)"), ["镜头一"]);
    assert_eq!(chosen("scene(bridge)"), ["opening", "after", "last"]);
    assert_eq!(chosen("scene(\"On the Bridge\") & tag(hero)"), ["opening"]);
    assert_eq!(chosen("model(minimax-*)").len(), 5);
    assert_eq!(chosen("model(*/s2v-01)"), ["镜头一"]);
    assert_eq!(chosen("mode(i2v)"), ["after", "last"]);
    assert!(chosen("mode(S2V)").is_empty());
}

#[test]
fn what_became_of_shots() {
    assert_eq!(chosen("status(saved)"), chosen("status(done)"));
    assert_eq!(
        chosen("status(not made)"),
        ["after", "last", "weather-85mm"]
    );
    assert_eq!(chosen("status(new)"), ["weather-85mm"]);
    assert_eq!(chosen("status(Failed)"), ["weather-35mm"]);
    assert!(chosen("status(pending)").is_empty());
    assert_eq!(chosen("decision(wait)"), ["after", "last"]);
    assert_eq!(chosen("changed()"), ["after", "last", "weather-85mm"]);
    assert_eq!(chosen("failed()"), ["weather-35mm"]);
    // A shot with a mistake stands nowhere.
    assert!(chosen("broken & (changed() | failed() | status(not made))").is_empty());
}

#[test]
fn chains_are_followed_both_ways() {
    assert_eq!(chosen("deps(last)"), ["opening", "after", "last"]);
    assert_eq!(chosen("rdeps(after)"), ["after", "last"]);
    assert_eq!(chosen("deps(last) - last"), ["opening", "after"]);
    assert_eq!(chosen("rdeps(tag(hero)) - status(done)"), ["after", "last"]);
}

#[test]
fn operators_bind_as_in_nextest() {
    assert_eq!(chosen("last | tag(night) & tag(hero)"), ["opening", "last"]);
    assert_eq!(chosen("tag(night) - opening | last"), ["after", "last"]);
    assert_eq!(chosen("all() - tag(night) - last - broken").len(), 3);
    assert_eq!(chosen("not tag(night) and scene(bridge)"), ["last"]);
    assert_eq!(chosen("!(tag(night) || last) && scene(bridge)").len(), 0);
    assert_eq!(chosen("none()|after"), ["after"]);
    assert_eq!(chosen("not(all()) or(last)"), ["last"]);
}

/// What an author sees first of a mistake, with the place that is marked.
fn told(text: &str) -> String {
    let told = match parse(text, FILE) {
        Err(told) => *told,
        Ok(expr) => match unknown(&expr, &film(), FILE).into_iter().next() {
            Some(told) => told,
            None => return format!("{text}\n  no mistake\n"),
        },
    };
    let span = told.primary.as_ref().expect("it has a place").span;
    let before: usize = text[..span.start].chars().map(width).sum();
    let marked: usize = text[span.start..span.end].chars().map(width).sum();
    format!(
        "{text}\n{}{}\n  {}\n  help: {}\n",
        " ".repeat(before),
        "^".repeat(marked.max(1)),
        told.message,
        told.help.unwrap_or_default(),
    )
}

fn width(c: char) -> usize {
    unicode_width::UnicodeWidthChar::width(c).unwrap_or(0)
}

#[test]
fn mistakes_are_marked_where_they_are() {
    let mistakes = [
        "",
        "opening |",
        "opening & & after",
        "opening after",
        "opening,after",
        "opening AND after",
        "or",
        "and after",
        "weather-* -opening",
        "weather-*- opening",
        "-35mm",
        "tags(night)",
        "frobnicate(night)",
        "tag(night",
        "tag(night) & (after | last",
        "tag()",
        "tag(night))",
        "tag(night & hero)",
        "changed(opening)",
        "\"opening",
        "（opening | after）",
        "tag(雨）",
        "opening ｜ after",
        "mode(t2w)",
        "mode(cartoon)",
        "status(faild)",
        "status(great)",
        "decision(mak)",
        "weather-**",
        "weather-[35mm",
        "openning",
        "opening | weather-9*",
        "night",
        "changed",
        "tag(nigth)",
        "tag(opening)",
        "tag(blue)",
        "scene(brigde)",
        "scene(nowhere)",
        "model(MiniMax-Hailuo-2.4)",
        "model(opus)",
        "deps(nobody)",
    ];
    let all: Vec<String> = mistakes.into_iter().map(told).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn hostile_expressions_are_bounded() {
    let deep = format!(
        "{}opening{}",
        "(".repeat(10_000 / 4),
        ")".repeat(10_000 / 4)
    );
    let nots = "!".repeat(7_000);
    let wide = vec!["a"; 2_000].join("|");
    let long = "a".repeat(100_000);
    let name = "a".repeat(1_000);
    for text in [deep, nots, wide, long, name] {
        let told = parse(&text, FILE).expect_err("it is refused");
        assert!(told.message.contains("at most"), "{}", told.message);
    }
}

fn exact(name: &str) -> Pattern {
    Pattern::exact(name, 0..0)
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        "[a-z雨]{1,3}(-[0-9a-z]{1,3})?".prop_map(|name| exact(&name)),
        // Anything at all, in quotes.
        "\\PC{0,8}".prop_map(|name| exact(&name)),
        prop::sample::select(vec![
            "and", "or", "not", "all", "deps", "-x", "a b", "a\"b\\"
        ])
        .prop_map(exact),
        prop::sample::select(vec![
            "a*", "*-35mm", "[!a]*", "?x", "rain at*", "[]-]*", "-*", "and*"
        ])
        .prop_map(|text| Pattern::glob(text, 0..0).expect("a good pattern")),
        // Names of the film below.
        prop::sample::select(vec!["opening", "after", "weather-35mm", "night", "bridge"])
            .prop_map(exact),
    ]
}

fn leaf() -> impl Strategy<Value = Expr> {
    let field = prop::sample::select(vec![Field::Id, Field::Tag, Field::Scene, Field::Model]);
    prop_oneof![
        Just(Expr::All),
        Just(Expr::None),
        Just(Expr::Changed),
        Just(Expr::Failed),
        (field, pattern()).prop_map(|(field, pattern)| Expr::Name(field, pattern)),
        prop::sample::select(Mode::ALL.to_vec()).prop_map(Expr::Mode),
        prop::sample::select(Decision::ALL.to_vec()).prop_map(Expr::Decision),
        (0..StatusWord::ALL.len()).prop_map(|at| Expr::Status(&StatusWord::ALL[at])),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(5, 40, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|inner| Expr::Deps(Box::new(inner))),
            inner.clone().prop_map(|inner| Expr::Rdeps(Box::new(inner))),
            inner.prop_map(|inner| Expr::Not(Box::new(inner))),
            two.clone()
                .prop_map(|(a, b)| Expr::And(Box::new(a), Box::new(b))),
            two.clone()
                .prop_map(|(a, b)| Expr::Minus(Box::new(a), Box::new(b))),
            two.prop_map(|(a, b)| Expr::Or(Box::new(a), Box::new(b))),
        ]
    })
}

fn not(expr: &Expr) -> Expr {
    Expr::Not(Box::new(expr.clone()))
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(expr in expr()) {
        let text = expr.to_string();
        let again = parse(&text, FILE);
        let again = again.map_err(|told| format!("{text}: {}", told.message));
        prop_assert_eq!(again, Ok(expr));
    }

    #[test]
    fn de_morgan(a in expr(), b in expr()) {
        let film = film();
        let boxes = || (Box::new(a.clone()), Box::new(b.clone()));
        let (left, right) = boxes();
        let neither = Expr::Not(Box::new(Expr::Or(left, right)));
        let both_not = Expr::And(Box::new(not(&a)), Box::new(not(&b)));
        prop_assert_eq!(judge(&neither, &film), judge(&both_not, &film));
        let (left, right) = boxes();
        let without = Expr::Minus(left, right);
        let (left, _) = boxes();
        let and_not = Expr::And(left, Box::new(not(&b)));
        prop_assert_eq!(judge(&without, &film), judge(&and_not, &film));
    }

    #[test]
    fn no_text_is_too_much(text in "\\PC{0,60}") {
        let _ = parse(&text, FILE).map(|expr| unknown(&expr, &film(), FILE));
    }

    #[test]
    fn nor_one_of_our_own_signs(text in "[ab雨()\\[\\]!&|*?\"'\\\\ ,（）！-]{0,40}|(tag|deps|not|and|status|\\(|\\)| |a){0,20}") {
        if let Ok(expr) = parse(&text, FILE) {
            let again = parse(&expr.to_string(), FILE);
            prop_assert_eq!(again.map_err(|told| told.message), Ok(expr));
        }
    }
}
