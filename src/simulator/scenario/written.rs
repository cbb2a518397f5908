//! The keys of a rule as they are written, before they are made sense of.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Action, Operation, Page};
use crate::media::clip::Flaw;

/// A rule as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRule {
    pub(super) on: Operation,
    pub(super) nth: Option<u64>,
    pub(super) every: Option<u64>,
    pub(super) prompt_contains: Option<String>,
    pub(super) times: Option<u64>,
    #[serde(default)]
    pub(super) per_task: bool,
    #[serde(deserialize_with = "word_or_mapping")]
    pub(super) then: WrittenThen,
}

/// What a rule does, as it is written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file")]
pub(super) struct WrittenThen {
    code: Option<i64>,
    http: Option<u16>,
    body: Option<String>,
    retry_after: Option<u64>,
    location: Option<String>,
    html: bool,
    cut: Option<WrittenCut>,
    pub(super) delay_ms: u64,
    stall: bool,
    stall_body: bool,
    status: Option<String>,
    lower_case: bool,
    fail: Option<i64>,
    show: Option<WrittenFlaw>,
    expired_link: bool,
    truncated: Option<WrittenTruncated>,
    empty: bool,
    drop: bool,
    duplicate: bool,
    #[serde(deserialize_with = "text_or_number")]
    task_id: Option<String>,
    accepted: bool,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenCut {
    Before,
    After,
    Body,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenFlaw {
    Black,
    Frozen,
    Cut,
    Small,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenTruncated {
    Honest,
    Lying,
}

impl WrittenThen {
    /// Whether a create takes effect before the trouble.
    pub(super) fn accepts(&self) -> bool {
        self.accepted || self.cut == Some(WrittenCut::After)
    }

    /// The one action that is asked for.
    pub(super) fn action(self) -> Result<Option<Action>, String> {
        let page = self.page()?;
        let cut = self.cut.map(|cut| match cut {
            WrittenCut::Before | WrittenCut::After => Action::Cut,
            WrittenCut::Body => Action::CutBody,
        });
        let truncated = self.truncated.map(|truncated| match truncated {
            WrittenTruncated::Honest => Action::Truncated,
            WrittenTruncated::Lying => Action::CutBody,
        });
        let show = self.show.map(|flaw| match flaw {
            WrittenFlaw::Black => Flaw::Black,
            WrittenFlaw::Frozen => Flaw::Frozen,
            WrittenFlaw::Cut => Flaw::Cut,
            WrittenFlaw::Small => Flaw::Small,
        });
        let asked = [
            self.code.map(|code| Action::Refuse { code }),
            page,
            cut,
            self.stall.then_some(Action::Stall),
            self.stall_body.then_some(Action::StallBody),
            self.status.map(Action::Status),
            self.lower_case.then_some(Action::LowerCase),
            self.fail.map(|code| Action::Fail { code }),
            show.map(Action::Show),
            self.expired_link.then_some(Action::ExpiredLink),
            truncated,
            self.empty.then_some(Action::Empty),
            self.drop.then_some(Action::Drop),
            self.duplicate.then_some(Action::Duplicate),
            self.task_id.map(Action::TaskId),
        ];
        let mut asked = asked.into_iter().flatten();
        match (asked.next(), asked.next()) {
            (Some(one), Some(other)) => Err(format!("{one:?} and {other:?} cannot happen at once")),
            (action, _) => Ok(action),
        }
    }

    /// The answer of a proxy, if one is asked for.
    fn page(&self) -> Result<Option<Action>, String> {
        let page = match (&self.body, self.html) {
            (Some(_), true) => return Err("`body` and `html` exclude each other".to_owned()),
            (Some(text), false) => Some(Page::Text(text.clone())),
            (None, true) => Some(Page::Html),
            (None, false) => None,
        };
        let status = match self.http {
            Some(status) if !(200..=599).contains(&status) => {
                return Err(format!("{status} is not the HTTP status of an answer"));
            }
            None if page.is_none() && (self.retry_after.is_some() || self.location.is_some()) => {
                return Err("`retry_after` goes with `http`, and `location` too".to_owned());
            }
            None if page.is_none() => return Ok(None),
            status => status.unwrap_or(200),
        };
        Ok(Some(Action::Http {
            status,
            page: page.unwrap_or_else(|| Page::Text(String::new())),
            retry_after: self.retry_after,
            location: self.location.clone(),
        }))
    }
}

/// Ids are written with and without quotes.
fn text_or_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Text(String),
        Number(u64),
    }
    Ok(Some(match Id::deserialize(from)? {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    }))
}

/// `then: stall` is short for `then: { stall: true }`.
fn word_or_mapping<'de, D: Deserializer<'de>>(from: D) -> Result<WrittenThen, D::Error> {
    struct Shape;
    impl<'de> Visitor<'de> for Shape {
        type Value = WrittenThen;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a mapping, or one of the words stall, stall_body, html, lower_case, expired_link, truncated, empty, drop and duplicate")
        }

        fn visit_str<E: Error>(self, word: &str) -> Result<WrittenThen, E> {
            let mut then = WrittenThen::default();
            match word {
                "stall" => then.stall = true,
                "stall_body" => then.stall_body = true,
                "html" => then.html = true,
                "lower_case" => then.lower_case = true,
                "expired_link" => then.expired_link = true,
                "truncated" => then.truncated = Some(WrittenTruncated::Honest),
                "empty" => then.empty = true,
                "drop" => then.drop = true,
                "duplicate" => then.duplicate = true,
                _ => return Err(E::invalid_value(serde::de::Unexpected::Str(word), &self)),
            }
            Ok(then)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WrittenThen, A::Error> {
            WrittenThen::deserialize(MapAccessDeserializer::new(map))
        }
    }
    from.deserialize_any(Shape)
}
