//! The page of each code: what it means, a wrong text and a right one, and why.
//!
//! Owns how `pages/*.md` are read. The pages are held to their own words by
//! `tests/pages.rs`, which checks every example with the program itself.

use super::Code;

/// What is told of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// What it means, in one line.
    pub title: &'static str,
    /// What it means, in some more; may be empty.
    pub text: &'static str,
    /// A manifest that raises it.
    pub wrong: Example,
    /// The same, as it should be.
    pub right: Example,
    /// Why it is like that, with the source of a fact about the API.
    pub why: &'static str,
    /// Codes that lie near.
    pub see_also: Vec<Code>,
}

/// A manifest, and the flags it is checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Flags of `runner check`, separated by spaces; mostly none.
    pub flags: &'static str,
    /// The text.
    pub yaml: &'static str,
}

impl Code {
    /// What it means, in one line.
    pub fn title(self) -> &'static str {
        let first = self.page_text().lines().next().unwrap_or_default();
        first.trim_start_matches("# ")
    }

    /// Everything that is told of it.
    pub fn page(self) -> Page {
        let text = self.page_text();
        let (top, _) = text.split_once("\n## ").unwrap_or((text, ""));
        let (_, introduction) = top.split_once('\n').unwrap_or((top, ""));
        let near = section(text, "See also").split(',');
        Page {
            code: self,
            title: self.title(),
            text: introduction.trim(),
            wrong: example(section(text, "Wrong")),
            right: example(section(text, "Right")),
            why: section(text, "Why"),
            see_also: near.filter_map(|name| Code::of(name.trim())).collect(),
        }
    }
}

/// What stands under a heading, up to the next one.
fn section(text: &'static str, heading: &str) -> &'static str {
    let mut sections = text.split("\n## ").skip(1);
    let found = sections.find_map(|section| {
        let (title, body) = section.split_once('\n')?;
        (title == heading).then_some(body)
    });
    found.unwrap_or_default().trim()
}

/// A fenced text; what stands behind the language are flags.
fn example(section: &'static str) -> Example {
    let inside = section.strip_prefix("```yaml").unwrap_or(section);
    let (flags, yaml) = inside.split_once('\n').unwrap_or(("", inside));
    Example {
        flags: flags.trim(),
        yaml: yaml.strip_suffix("```").unwrap_or(yaml),
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::Code;

    #[test]
    fn every_page_is_complete() {
        for &code in Code::ALL {
            let page = code.page();
            assert!(!page.title.is_empty() && page.title.len() < 80, "{code}");
            assert!(!page.title.ends_with('.'), "{code}");
            assert!(page.wrong.yaml.starts_with("version"), "{code}");
            assert!(page.right.yaml.starts_with("version: 1\n"), "{code}");
            assert!(!page.why.is_empty(), "{code}");
            assert!(!page.see_also.is_empty(), "{code}");
            let written = code.page_text().rsplit("## See also").next();
            let names = written.map_or(0, |names| names.split(',').count());
            assert_eq!(page.see_also.len(), names, "{code} names no other code");
            assert!(!page.see_also.contains(&code), "{code}");
        }
    }
}
