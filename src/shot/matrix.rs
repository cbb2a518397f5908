//! A matrix to its combinations, and their names.
//!
//! Owns the product, `include`, `exclude` and the ids that come of them. Never
//! builds a product before its size is known: a matrix of a billion costs nothing.

use crate::diag::{Code, Diagnostic, Sources, suggest};
use crate::manifest::model::{Combination, Matrix, Row, ShotEntry};
use crate::manifest::tree::{Kind, Node};

/// Most shots of one manifest.
pub const MAX_SHOTS: usize = 100_000;

/// Most comparisons with `exclude` entries.
const MAX_COMPARISONS: usize = 20_000_000;

/// The values of one shot, by axis; none for a shot without a matrix.
pub(super) type Values<'m> = Vec<(&'m str, &'m Node)>;

/// What one shot of an entry is made for.
#[derive(Debug, Clone)]
pub(super) struct Variant<'m> {
    pub(super) row: Option<&'m Row>,
    pub(super) values: Values<'m>,
}

impl<'m> Variant<'m> {
    /// Every scalar in it.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &'m Node> {
        let row = self.row.into_iter().flat_map(|row| &row.values);
        let values = self.values.iter().map(|(_, node)| *node);
        row.map(|(_, node)| node).chain(values)
    }

    /// What follows the id of the entry, as written.
    pub(super) fn names(&self) -> impl Iterator<Item = &'m Node> {
        let values = self.values.iter().map(|(_, node)| *node);
        self.row.and_then(Row::name).into_iter().chain(values)
    }
}

/// Every row with every combination, the rows slowest.
pub(super) fn variants<'m>(
    entry: &'m ShotEntry,
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Variant<'m>> {
    let combinations = match &entry.matrix {
        Some(matrix) => combinations(matrix, sources, diagnostics),
        None => vec![Values::new()],
    };
    let Some(foreach) = &entry.foreach else {
        let alone = |values| Variant { row: None, values };
        return combinations.into_iter().map(alone).collect();
    };
    if foreach.rows.is_empty() {
        let message = "there are no rows here, so the shot is never made";
        diagnostics.push(Diagnostic::error(Code::Matrix, foreach.span, message));
    }
    let with = |row| {
        let values = combinations.iter().cloned();
        values.map(move |values| Variant {
            row: Some(row),
            values,
        })
    };
    foreach.rows.iter().flat_map(with).collect()
}

/// Refuses a manifest of too many shots, before any is made.
pub(super) fn check_size(shots: &[ShotEntry]) -> Result<(), Box<Diagnostic>> {
    let mut total: usize = 0;
    let mut largest = None;
    for entry in shots {
        let rows = entry
            .foreach
            .as_ref()
            .map_or(1, |foreach| foreach.rows.len());
        let size = entry.matrix.as_ref().map_or(1, size).saturating_mul(rows);
        total = total.saturating_add(size);
        if largest.is_none_or(|(known, _)| size > known) {
            largest = Some((size, entry));
        }
    }
    let Some((size, entry)) = largest.filter(|_| total > MAX_SHOTS) else {
        return Ok(());
    };
    let foreach = entry.foreach.as_ref().map(|foreach| foreach.span);
    let span = entry.matrix.as_ref().map(|matrix| matrix.span);
    let span = span.or(foreach).unwrap_or(entry.id.span);
    let message = format!(
        "this manifest stands for {} shots, and {MAX_SHOTS} is the most",
        amount(total)
    );
    Err(Box::new(
        Diagnostic::error(Code::TooManyShots, span, message)
            .label(format!("{} of them are here", amount(size)))
            .help("leave values out, or split the manifest"),
    ))
}

fn amount(shots: usize) -> String {
    if shots == usize::MAX {
        "countless".to_owned()
    } else {
        shots.to_string()
    }
}

/// Combinations before `exclude`; never too small.
fn size(matrix: &Matrix) -> usize {
    let product = matrix.axes.iter().fold(1_usize, |product, axis| {
        product.saturating_mul(axis.values.len())
    });
    let product = if matrix.axes.is_empty() { 0 } else { product };
    product.saturating_add(matrix.include.len())
}

/// Every combination in written order, the first axis slowest.
fn combinations<'m>(
    matrix: &'m Matrix,
    sources: &Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Values<'m>> {
    if matrix.axes.is_empty() && matrix.include.is_empty() {
        let message = "this matrix has no lists of values";
        diagnostics.push(Diagnostic::error(Code::Matrix, matrix.span, message));
        return Vec::new();
    }
    check_names(matrix, diagnostics);
    if size(matrix).saturating_mul(matrix.exclude.len()) > MAX_COMPARISONS {
        let message = "this matrix has too many combinations for so many `exclude` entries";
        diagnostics.push(Diagnostic::error(Code::TooLarge, matrix.span, message));
        return Vec::new();
    }
    let mut kept = product(matrix);
    let is_axis = |name: &str| matrix.axes.iter().any(|axis| axis.name.value == name);
    for exclusion in &matrix.exclude {
        let before = kept.len();
        kept.retain(|values| !agrees(values, exclusion, sources));
        // A name that is not there was told already, and is the reason.
        let known = exclusion
            .values
            .iter()
            .all(|(name, _)| is_axis(&name.value));
        if known && kept.len() == before {
            let message = "this leaves nothing out";
            diagnostics.push(Diagnostic::warning(Code::Matrix, exclusion.span, message));
        }
    }
    kept.extend(
        matrix
            .include
            .iter()
            .filter_map(|added| include(matrix, added, diagnostics)),
    );
    if kept.is_empty() {
        let message = "nothing is left of this matrix, so the shot is never made";
        diagnostics.push(Diagnostic::error(Code::Matrix, matrix.span, message));
    }
    kept
}

fn product(matrix: &Matrix) -> Vec<Values<'_>> {
    if matrix.axes.is_empty() {
        return Vec::new();
    }
    let mut product: Vec<Values<'_>> = vec![Vec::new()];
    for axis in &matrix.axes {
        let longer = product.iter().flat_map(|values| {
            axis.values.iter().map(move |value| {
                let mut values = values.clone();
                values.push((axis.name.value.as_str(), value));
                values
            })
        });
        product = longer.collect();
    }
    product
}

fn check_names(matrix: &Matrix, diagnostics: &mut Vec<Diagnostic>) {
    if matrix.axes.is_empty() {
        return;
    }
    let known: Vec<&str> = matrix
        .axes
        .iter()
        .map(|axis| axis.name.value.as_str())
        .collect();
    for (name, _) in matrix
        .include
        .iter()
        .chain(&matrix.exclude)
        .flat_map(|c| &c.values)
    {
        if !known.contains(&name.value.as_str()) {
            let message = format!("this matrix has no list `{}`", name.value);
            let diagnostic = Diagnostic::error(Code::Matrix, name.span, message);
            diagnostics.push(match suggest(&name.value, known.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic,
            });
        }
    }
}

fn agrees(values: &Values<'_>, exclusion: &Combination, sources: &Sources) -> bool {
    exclusion.values.iter().all(|(name, wanted)| {
        let value = values.iter().find(|(axis, _)| *axis == name.value);
        value.is_some_and(|(_, value)| {
            value.kind == wanted.kind || as_written(value, sources) == as_written(wanted, sources)
        })
    })
}

/// An added combination in the order of the axes.
fn include<'m>(
    matrix: &'m Matrix,
    added: &'m Combination,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Values<'m>> {
    let given = |name: &str| {
        let found = added.values.iter().find(|(key, _)| key.value == name);
        found.map(|(key, value)| (key.value.as_str(), value))
    };
    if matrix.axes.is_empty() {
        return Some(
            added
                .values
                .iter()
                .map(|(key, value)| (key.value.as_str(), value))
                .collect(),
        );
    }
    let names = matrix.axes.iter().map(|axis| axis.name.value.as_str());
    let missing: Vec<&str> = names.clone().filter(|name| given(name).is_none()).collect();
    if missing.is_empty() {
        return Some(names.filter_map(given).collect());
    }
    let message = format!(
        "an added combination gives every value; {} is missing",
        crate::manifest::listed(&missing)
    );
    diagnostics.push(Diagnostic::error(Code::Matrix, added.span, message));
    None
}

/// A scalar as the author spelled it: `1.50` stays `1.50`.
pub(super) fn as_written<'s>(node: &'s Node, sources: &'s Sources) -> &'s str {
    match &node.kind {
        Kind::Text(text) => text,
        _ => sources
            .get(node.span.file)
            .text
            .get(node.span.start..node.span.end)
            .unwrap_or(""),
    }
}

/// What a value adds to an id: letters and digits of any script, the rest as `-`.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        if character.is_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() {
        "x".to_owned()
    } else {
        slug
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn slugs_are_readable() {
        for (text, expected) in [
            ("35mm", "35mm"),
            ("Heavy Rain!", "heavy-rain"),
            ("2.5", "2-5"),
            ("暴雨 夜", "暴雨-夜"),
            ("--", "x"),
        ] {
            assert_eq!(slug(text), expected);
        }
    }
}
