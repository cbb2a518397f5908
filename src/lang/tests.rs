//! How a sentence finds its translation.

use proptest::prelude::*;

use super::catalogue::Catalogue;
use super::pattern::Pattern;
use super::{CHINESE, Language};

const SMALL: &str = r#"
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Language: zh_CN\n"

msgid "nothing was created"
msgstr "没有创建任何任务"

msgid "no shot is called `{pattern}`"
msgstr "没有名为“{pattern}”的镜头"

msgid "cannot read `{}`: {}"
msgstr "无法读取 {0}：{1}"

msgid "{n} to create"
msgstr "新建 {n} 个"

msgid "{n} to reuse"
msgstr "复用 {n} 个"

msgid "plan on {backend}: {counts}; costs {cost}"
msgstr "在 {backend} 上的计划：{counts}；费用 {cost}"

msgid ", trace {id}"
msgstr "，追踪号 {id}"

msgid "saved"
msgstr "已保存"

msgid "up to "
msgstr "最多 "

msgid "write it as {{ name }}"
msgstr "写成 {{ name }}"
"#;

fn small() -> Catalogue {
    Catalogue::parse(SMALL).expect("a catalogue")
}

#[test]
fn sentences_find_their_translation() {
    let catalogue = small();
    let cases = [
        ("nothing was created", Some("没有创建任何任务")),
        ("no shot is called `a b`", Some("没有名为“a b”的镜头")),
        // What stands in a hole may be a message itself.
        (
            "cannot read `x.yaml`: no shot is called `y`",
            Some("无法读取 x.yaml：没有名为“y”的镜头"),
        ),
        (
            "plan on minimax: 3 to create, 2 to reuse; costs 1.68 USD",
            Some("在 minimax 上的计划：新建 3 个，复用 2 个；费用 1.68 USD"),
        ),
        // The end and the beginning of a sentence that is put together.
        (
            "nothing was created, trace 7f",
            Some("没有创建任何任务，追踪号 7f"),
        ),
        ("up to 3 to create", Some("最多 新建 3 个")),
        ("7 up to date", None),
        ("3 saved", Some("3 个已保存")),
        ("2 to reuse", Some("复用 2 个")),
        ("write it as { name }", Some("写成 { name }")),
        ("no shot is called ``", None),
        ("somebody's own words", None),
        ("", None),
    ];
    for (english, chinese) in cases {
        assert_eq!(
            catalogue.translate(english).as_deref(),
            chinese,
            "{english}"
        );
    }
}

#[test]
fn margins_and_colours_stay() {
    let catalogue = small();
    let line = "  \u{1b}[31mnothing was created\u{1b}[0m  up to 5";
    let spans = super::coloured(line).into_iter();
    let text: String = spans
        .map(|span| super::within_margins(span, &catalogue))
        .collect();
    assert_eq!(text, "  \u{1b}[31m没有创建任何任务\u{1b}[0m  最多 5");
}

#[test]
fn the_pattern_with_more_words_wins() {
    let text =
        format!("{SMALL}\nmsgid \"no shot is called `{{id}}` here\"\nmsgstr \"这里没有 {{id}}\"\n");
    let catalogue = Catalogue::parse(&text).expect("a catalogue");
    let found = catalogue.translate("no shot is called `a` here");
    assert_eq!(found.as_deref(), Some("这里没有 a"));
}

#[test]
fn a_stray_hole_is_told() {
    let text =
        "msgid \"\"\nmsgstr \"\"\n\"Language: zh_CN\\n\"\n\nmsgid \"a {b}\"\nmsgstr \"{c}\"\n";
    let error = Catalogue::parse(text).expect_err("a stray hole");
    assert_eq!(error, "`a {b}` has no `{c}`");
}

#[test]
fn the_bundled_catalogue_can_be_read() {
    Catalogue::parse(CHINESE).expect("a catalogue");
}

#[test]
fn english_is_left_alone() {
    assert_eq!(
        Language::English.lines("nothing was created"),
        "nothing was created"
    );
}

#[test]
fn locales_have_languages() {
    for (locale, language) in [
        ("zh_CN.UTF-8", Some(Language::Chinese)),
        ("zh-Hans", Some(Language::Chinese)),
        ("zh", Some(Language::Chinese)),
        ("en_GB.UTF-8", Some(Language::English)),
        ("C.UTF-8", Some(Language::English)),
        ("de_DE.UTF-8", None),
        ("", None),
    ] {
        assert_eq!(Language::of_locale(locale), language, "{locale}");
    }
}

proptest! {
    #[test]
    fn what_was_filled_is_found_again(
        words in prop::collection::vec("[a-z `:]{1,8}", 1..4),
        values in prop::collection::vec("[A-Z0-9]{1,6}", 4),
    ) {
        let text = words.join("{}") + "{}";
        let pattern = Pattern::parse(&text);
        let value = |hole: &str| values[hole.parse::<usize>().expect("a number")].clone();
        let sentence = pattern.fill(value);
        let found = pattern.find(&sentence).expect("its own sentence");
        for (hole, text) in found {
            prop_assert_eq!(text, value(hole));
        }
    }

    #[test]
    fn no_text_is_too_much(text in ".{0,300}") {
        let _ = small().translate(&text);
    }
}
