//! Every word that the page says of itself, in English.
//!
//! Owns the wording; the page is given a translation of each. `{n}` and other
//! names in braces are filled in by the page. What a run says, its messages and
//! advice, is not here but in the report.

/// The words, once each. A test holds that the page uses them and no others.
#[rustfmt::skip]
pub const WORDS: &[&str] = &[
    // The top and the foot.
    "To the shots", "Keys", "Simulated", "did not end by itself", "Stopped", "nothing",
    "shot, with its video", "shots, all with videos", "shots have videos", "length of the film",
    "charged: simulated", "spent", "saved by reuse", "may have been paid",
    "made without a known price", "run {id}", "prices of {date}",
    "This page needs JavaScript. The same is in report.json beside it.",
    "Automatic", "Light", "Dark", "Colours: {name}",
    // How shots end.
    "made", "reused", "collected", "not as expected", "not checked", "failed", "uncertain", "pending", "not made",
    // The film.
    "The film", "Play the film", "Pause", "Place in the film", "Close the film",
    // The filter.
    "Search", "Search shots", "Outcome", "Show all", "No shot is like that.",
    "{n} shot", "{n} shots", "{n} of {all} shots", "All scenes", "All tags", "All models",
    // Cards.
    "Shots", "Of earlier versions", "{n} take", "{n} takes", "the file is not beside this page",
    // A shot.
    "{n} of {all}", "The shot before", "The shot after", "Close", "There is no video.",
    "What to do", "Copy", "Copied", "Selected",
    "Starts from the {at} frame of", "Ends with the {at} frame of",
    "Has its subject from the {at} frame of", "Uses the {at} frame of", "Goes on in",
    "first", "middle", "last",
    "Take {name}", "of an earlier version", "this one counts",
    "Checks", "as expected", "expected: {text}", "{n} of {all} takes passed, {least} have to",
    "Facts", "Model", "Asked for", "Decision", "Price", "not in the table",
    "simulated: nothing was charged", "File", "Video", "Task", "Fingerprint",
    "Time", "asked", "of that {time} in the queue", "{n} retry", "{n} retries", "The request",
    // Commands.
    "Make another take", "Make another take, and pay for it", "Collect it, without paying again",
    "If the task is there", "If it is not", "Try once more", "Try once more, and pay for it",
    "Then run again", "Run again", "Use this take",
    // What was decided for a shot.
    "create", "replace", "wait", "reuse", "resume", "elsewhere", "blocked",
    // Units.
    "{n} s", "{m} min {s} s", "{n} kB", "{n} MB",
    // Keys.
    "search", "from shot to shot", "open the shot", "play and pause", "play the film",
    "light or dark", "close",
];
