//! `--verbose`: a line on stderr for each HTTP exchange.
//!
//! Owns the words. What may be told at all was chosen where the exchange was made.

use jiff::Timestamp;

use crate::cli::console::Console;
use crate::provider::exchange::{Exchange, Heard, Witness};
use crate::report::Glance;

/// A witness that says what it hears; what is drawn on the screen steps aside.
pub(super) fn witness(console: Console, glance: Glance) -> Witness {
    std::sync::Arc::new(move |exchange| {
        let line = line(Timestamp::now(), exchange);
        let mut console = console.clone();
        glance.aside(|| console.say(line));
    })
}

/// `time operation METHOD place status, code, duration, trace id`.
fn line(at: Timestamp, exchange: &Exchange) -> String {
    let operation = exchange.operation.as_str();
    let heard = match &exchange.heard {
        Heard::Status(status) => status.to_string(),
        Heard::Nothing(why) => format!("no answer: {why}"),
    };
    let code = exchange.code.map(|code| format!(", code {code}"));
    let trace = exchange.trace_id.as_ref().map(|id| format!(", trace {id}"));
    format!(
        "{at:.3} {operation:<8} {} {} {heard}{}, {:.3}s{}",
        exchange.method,
        exchange.place,
        code.unwrap_or_default(),
        exchange.took.as_secs_f64(),
        trace.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::line;
    use crate::event::Operation;
    use crate::provider::exchange::{Exchange, Heard};

    #[test]
    fn a_line_holds_what_support_asks_for() {
        let created = Exchange {
            operation: Operation::Create,
            method: "POST".to_owned(),
            place: "/v1/video_generation".to_owned(),
            heard: Heard::Status(200),
            code: Some(1002),
            trace_id: Some("0af3".to_owned()),
            took: Duration::from_millis(1_234),
        };
        let fetched = Exchange {
            operation: Operation::Download,
            method: "GET".to_owned(),
            place: "https://storage.example/…".to_owned(),
            heard: Heard::Nothing("the connection broke: reset".to_owned()),
            code: None,
            trace_id: None,
            took: Duration::ZERO,
        };
        let lines = [created, fetched].map(|exchange| line(Timestamp::UNIX_EPOCH, &exchange));
        insta::assert_snapshot!(lines.join("\n"), @r"
        1970-01-01T00:00:00.000Z create   POST /v1/video_generation 200, code 1002, 1.234s, trace 0af3
        1970-01-01T00:00:00.000Z download GET https://storage.example/… no answer: the connection broke: reset, 0.000s
        ");
    }
}
