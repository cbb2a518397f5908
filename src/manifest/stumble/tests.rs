//! Slips of authors, as the whole manifest's reader tells them.

use crate::diag::SourceId;
use crate::manifest::reader;

/// `message @ marked words | help` of the only diagnostic.
fn told(text: &str) -> String {
    let (_, diagnostics) = reader::read(text, SourceId(0));
    assert_eq!(diagnostics.len(), 1, "{text:?}: {diagnostics:?}");
    let found = &diagnostics[0];
    let span = found.primary.as_ref().expect("a place").span;
    let help = found.help.as_deref().unwrap_or("-");
    let line = text[..span.start].matches('\n').count() + 1;
    format!(
        "{} @ {line}:{} | {help}",
        found.message,
        &text[span.start..span.end]
    )
}

/// A shot `a` with a line of its own, the fourth.
fn line(line: &str) -> String {
    told(&format!("version: 1\nshots:\n  - id: a\n{line}\n"))
}

#[test]
fn texts_that_need_quotes() {
    for (text, expected) in [
        (
            "Wide shot: a cat",
            "a text that holds `: ` needs quotes @ 4:: | write `prompt: \"Wide shot: a cat\"`",
        ),
        (
            "“x: y”",
            "a text that holds `: ` needs quotes @ 4:: | write `prompt: \"x: y\"`",
        ),
        (
            "[Push in] a cat",
            "a text that begins with `[` needs quotes @ 4:[ | write `prompt: \"[Push in] a cat\"`",
        ),
        (
            "{{ hero }} walks",
            "a text that begins with `{` needs quotes @ 4:{ | write `prompt: \"{{ hero }} walks\"`",
        ),
        (
            "{{ hero }}",
            "a text that begins with `{` needs quotes @ 4:{{ hero }} | write `\"{{ hero }}\"`",
        ),
        (
            "{% if x %}a{% endif %}",
            "a text that begins with `{` needs quotes @ 4:{ | write `prompt: \"{% if x %}a{% endif %}\"`",
        ),
        (
            "*Push in* a cat",
            "a text that begins with `*` needs quotes @ 4:* | write `prompt: \"*Push in* a cat\"`",
        ),
        (
            "*hero",
            "nothing above is marked `&hero` @ 4:*hero | mark it with `&hero` where it is first written; a text that begins with `*` needs quotes",
        ),
        (
            "@hero walks",
            "a text that begins with `@` needs quotes @ 4:@ | write `prompt: \"@hero walks\"`",
        ),
        (
            "`hero` walks",
            "a text that begins with a backtick needs quotes @ 4:` | write `prompt: \"`hero` walks\"`",
        ),
        (
            "%x",
            "a text that begins with `%` needs quotes @ 4:% | write `prompt: \"%x\"`",
        ),
        (
            "& then",
            "a text that begins with `&` needs quotes @ 4:& | write `prompt: \"& then\"`",
        ),
        (
            "> a cat",
            "a text that begins with `>` needs quotes @ 4:> | begin the text on the next line, or write `prompt: \"> a cat\"`",
        ),
        (
            "- a cat",
            "a text that begins with `-` needs quotes @ 4:- | write `prompt: \"- a cat\"`",
        ),
        (
            "\"Push in\" a cat",
            "the text ends at the second `\"`, and this stands behind it @ 4:a cat | write `prompt: '\"Push in\" a cat'`",
        ),
        (
            "'it's a cat'",
            "the text ends at the second `'`, and this stands behind it @ 4:s a cat' | write `prompt: \"it's a cat\"`",
        ),
        (
            "\"c:\\path\"",
            "`\\p` means nothing in double quotes @ 4:\\p | write `\\\\p`, or use single quotes",
        ),
        (
            "\"x\n  - id: b",
            "the quote that opens here is not closed @ 4:\" | close it with `\"`; lines that follow stand deeper than their key",
        ),
    ] {
        assert_eq!(line(&format!("    prompt: {text}")), expected, "{text}");
    }
    assert_eq!(
        told("version: 1\nshots: [{id: a, prompt: Wide: a cat}]"),
        "a text that holds `: ` needs quotes @ 2:: | write `prompt: \"Wide: a cat\"`"
    );
}

#[test]
fn margins() {
    for (text, expected) in [
        (
            "\tprompt: x",
            "a tab is used for indentation @ 4:\t | indent with spaces",
        ),
        (
            "      prompt: x",
            "this line is indented deeper than the line above it @ 4:prompt | begin it in the same column as `id`; a text that goes on here and holds `: ` needs quotes",
        ),
        (
            "   prompt: x",
            "this line is indented less deep than the line above it @ 4:prompt | begin it in the same column as `id`",
        ),
        (
            "  prompt: x",
            "this line is indented less deep than the line above it @ 4:prompt | begin it in the same column as `id`",
        ),
        (
            " - id: b",
            "this line is indented less deep than the `-` above @ 4:- | begin it in the same column as `-`",
        ),
        (
            "    prompt: x\n      duration: 6",
            "this line is indented deeper than the line above it @ 5:duration | begin it in the same column as `prompt`; a text that goes on here and holds `: ` needs quotes",
        ),
    ] {
        assert_eq!(line(text), expected, "{text}");
    }
}

#[test]
fn colons_and_commas() {
    for (text, expected) in [
        (
            "    duration：10\n    prompt: x",
            "`：` is not `:` @ 4:： | write `duration: 10`",
        ),
        (
            "    prompt: x\n    duration：10",
            "`：` is not `:` @ 5:： | write `duration: 10`",
        ),
        (
            "    prompt:x\n    duration: 6",
            "`:` needs a space behind it @ 4:: | write `prompt: x`",
        ),
        (
            "    prompt x\n    duration: 6",
            "a key without a `:` behind it @ 4:prompt | write `prompt: x`",
        ),
    ] {
        assert_eq!(line(text), expected, "{text}");
    }
    for (text, expected) in [
        (
            "version：1\nshots:\n  - id: a\n",
            "`：` is not `:` @ 1:： | write `version: 1`",
        ),
        (
            "version: 1\nshots:\n  -id: a\n   prompt: x\n",
            "`-` needs a space behind it @ 3:- | write `- id: a`",
        ),
        (
            "shots: [{id: a，prompt: x}]\n",
            "`，` is not `,` @ 1:， | separate with `,`, or put the text into quotes",
        ),
        (
            "shots: [{id: a, prompt: x}\n",
            "the `[` that opens here is not closed @ 1:[ | close it with `]`, or put `,` between its parts",
        ),
        (
            "shots:\n  - { id: a, prompt: x\n  - id: b\n",
            "the `{` that opens here is not closed @ 2:{ | close it with `}`, or put `,` between its parts",
        ),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}
