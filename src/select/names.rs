//! Names in an expression that no shot has.
//!
//! Owns the question, because a mistyped name must never be the empty choice in
//! silence, and the advice. A sound expression may still mean no shot.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, SourceId, Span, suggest};
use crate::select::Candidate;
use crate::select::expr::{Expr, Field};
use crate::select::judge::has_name;
use crate::select::parser::PREDICATES;
use crate::select::pattern::Pattern;

/// How many names an advice lists.
const LISTED: usize = 8;

/// A mistake for each name that nothing has; `file` is the expression's text.
pub fn unknown(expr: &Expr, shots: &[Candidate], file: SourceId) -> Vec<Diagnostic> {
    let mut named = Vec::new();
    collect(expr, &mut named);
    let nobody = |(field, pattern): &(Field, &Pattern)| {
        !shots.iter().any(|shot| has_name(shot, *field, pattern))
    };
    let told = named.into_iter().filter(nobody);
    told.map(|(field, pattern)| tell(field, pattern, shots, file))
        .collect()
}

fn collect<'e>(expr: &'e Expr, named: &mut Vec<(Field, &'e Pattern)>) {
    match expr {
        Expr::Name(field, pattern) => named.push((*field, pattern)),
        Expr::Deps(inner) | Expr::Rdeps(inner) | Expr::Not(inner) => collect(inner, named),
        Expr::And(left, right) | Expr::Minus(left, right) | Expr::Or(left, right) => {
            collect(left, named);
            collect(right, named);
        }
        Expr::All
        | Expr::None
        | Expr::Mode(_)
        | Expr::Status(_)
        | Expr::Decision(_)
        | Expr::Changed
        | Expr::Failed => {}
    }
}

fn tell(field: Field, pattern: &Pattern, shots: &[Candidate], file: SourceId) -> Diagnostic {
    let text = pattern.text();
    let message = match field {
        Field::Id => format!("no shot is called `{text}`"),
        Field::Tag => format!("no shot has the tag `{text}`"),
        Field::Scene => format!("no scene is called `{text}`"),
        Field::Model => format!("no shot asks for the model `{text}`"),
    };
    let span = Span::new(file, pattern.span.start, pattern.span.end);
    let advice = advice(field, pattern, shots);
    Diagnostic::error(Code::Filter, span, message).help(advice)
}

fn advice(field: Field, pattern: &Pattern, shots: &[Candidate]) -> String {
    let text = pattern.text();
    let names = names(field, shots);
    if let Some(near) = suggest(text, names.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    let others = [Field::Id, Field::Tag, Field::Scene, Field::Model];
    let meant =
        |other: &Field| *other != field && shots.iter().any(|shot| has_name(shot, *other, pattern));
    if let Some(other) = others.into_iter().find(meant) {
        return format!("did you mean `{}({pattern})`?", other.as_str());
    }
    if field == Field::Id {
        let called = PREDICATES.iter().find(|name| **name == text);
        return called.map_or_else(
            || "`runner check FILE` lists the shots".to_owned(),
            |name| match *name {
                "changed" | "failed" | "all" | "none" => format!("did you mean `{name}()`?"),
                _ => format!("did you mean `{name}(…)`?"),
            },
        );
    }
    list(field, &names)
}

fn list(field: Field, names: &BTreeSet<&str>) -> String {
    let what = field.as_str();
    if names.is_empty() {
        return format!("no shot here has a {what}");
    }
    let shown: Vec<String> = names
        .iter()
        .take(LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len().saturating_sub(LISTED);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("there is {}{more}", shown.join(", "))
}

fn names(field: Field, shots: &[Candidate]) -> BTreeSet<&str> {
    let of = |shot| names_of(field, shot);
    shots.iter().flat_map(of).collect()
}

fn names_of(field: Field, shot: &Candidate) -> Vec<&str> {
    match field {
        Field::Id => vec![shot.id.as_str()],
        Field::Tag => shot.tags.iter().map(String::as_str).collect(),
        Field::Scene => {
            let scene = shot.scene.iter();
            let names = scene.flat_map(|scene| [Some(&scene.id), scene.title.as_ref()]);
            names.flatten().map(String::as_str).collect()
        }
        Field::Model => {
            let asked = shot.request.iter();
            asked.map(|asked| asked.model.as_str()).collect()
        }
    }
}
