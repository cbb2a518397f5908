//! Every word that the page says of itself, in English.
//!
//! Owns the wording; the page is given a translation of each. `{n}` and other
//! names in braces are filled in by the page. Words that the gallery says too are
//! its, and listed there and here.

/// The words, once each. A test holds that the page uses them and no others.
#[rustfmt::skip]
pub const WORDS: &[&str] = &[
    // The top and the foot.
    "To the shots", "Keys", "Automatic", "Light", "Dark", "Colours: {name}",
    "This page needs JavaScript. `runner diff` says the same in words.",
    "Before", "After", "run {id}", "Also, without counting", "ignored: {list}",
    "Report", "Plan", "Lock",
    // The filter.
    "Search", "Search shots", "What differs", "Show all", "Show {n} more",
    "No shot is like that.", "No shot differs.", "{n} shot", "{n} shots", "{n} of {all} shots",
    // What differs.
    "Added", "Removed", "Renamed", "Moved",
    "Prompt", "Settings", "Frames", "Order", "Labels", "Decision", "Outcome", "Price", "Checks",
    "Video", "Bytes", "File", "Program", "Run",
    // Cards.
    "Compare {id}", "not there before", "not there any more", "There is no video.",
    // The stage.
    "View", "Side by side", "Slider", "Difference", "The shot before", "The shot after", "Close",
    "Border between before and after", "{n} % before", "Play", "Pause", "One frame back",
    "One frame on", "Place in the videos", "frame {n}", "Sound: none", "Sound: before",
    "Sound: after", "the file is not beside this page",
    // Keys.
    "search", "from shot to shot", "open the shot", "play and pause", "a frame back and on",
    "a second back and on", "side by side, slider, difference", "move the slider", "whose sound",
    "light or dark", "close",
    // Units of the gallery's script, on which this page stands.
    "{n} s", "{m} min {s} s", "{n} kB", "{n} MB",
];
