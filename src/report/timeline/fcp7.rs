//! Final Cut Pro 7 XML (xmeml, version 5), which Premiere, Resolve and others read.
//!
//! Owns the elements and their order. Gaps are not written, as the format has
//! none: a shot that is not there is a marker of the sequence, with the reason.
//! Media is named by URLs from the root, as the format wants it.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::address::file_url;
use super::film::{Film, Scene, Take};
use super::time::{Counting, Rate, timecode};

/// An element: with text, or with others.
struct Element {
    name: &'static str,
    id: Option<String>,
    text: Option<String>,
    children: Vec<Element>,
}

fn group(name: &'static str, children: Vec<Element>) -> Element {
    Element {
        name,
        id: None,
        text: None,
        children,
    }
}

fn text(name: &'static str, text: impl Into<String>) -> Element {
    Element {
        name,
        id: None,
        text: Some(text.into()),
        children: Vec::new(),
    }
}

fn count(name: &'static str, count: impl Into<u64>) -> Element {
    text(name, count.into().to_string())
}

impl Element {
    fn with_id(mut self, id: String) -> Self {
        self.id = Some(id);
        self
    }

    fn write(&self, out: &mut Writer<Vec<u8>>) -> std::io::Result<()> {
        let mut start = out.create_element(self.name);
        if let Some(id) = &self.id {
            start = start.with_attribute(("id", id.as_str()));
        }
        match &self.text {
            Some(text) => start.write_text_content(BytesText::new(&sound_text(text))),
            None if self.children.is_empty() => start.write_empty(),
            None => start.write_inner_content(|out| {
                self.children.iter().try_for_each(|child| child.write(out))
            }),
        }
        .map(drop)
    }
}

/// Control characters have no place in XML, not even escaped.
fn sound_text(text: &str) -> String {
    let allowed = |c: &char| {
        matches!(*c, '\t' | '\n' | '\r') || (*c >= ' ' && !matches!(*c, '\u{fffe}' | '\u{ffff}'))
    };
    text.chars().filter(allowed).collect()
}

/// The film as a sequence with one track of pictures, and one of sound where a
/// video has it.
pub fn fcp7(film: &Film, counting: Counting) -> String {
    let sequence = sequence(film, counting);
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    let head = Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None));
    let kind = Event::DocType(BytesText::from_escaped("xmeml"));
    out.write_event(head)
        .and_then(|()| out.write_event(kind))
        .and_then(|()| {
            out.create_element("xmeml")
                .with_attribute(("version", "5"))
                .write_inner_content(|out| sequence.write(out))
                .map(drop)
        })
        .expect("writing to memory cannot fail");
    let mut bytes = out.into_inner();
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("every part of it is text")
}

fn sequence(film: &Film, counting: Counting) -> Element {
    let rate = film.rate();
    let mut media = vec![video(film)];
    if film.has_sound() {
        media.push(audio(film));
    }
    let mut children = vec![
        text("name", &film.name),
        count("duration", film.frames()),
        rate_of(rate),
        group("media", media),
        timecode_of(rate.start(counting), rate, counting),
    ];
    children.extend(film.placed().map(|(begin, scene)| {
        let end = begin + scene.frames(rate);
        marker(scene, begin, end)
    }));
    group("sequence", children).with_id("sequence-1".to_owned())
}

fn rate_of(rate: Rate) -> Element {
    let ntsc = if rate.is_ntsc() { "TRUE" } else { "FALSE" };
    group(
        "rate",
        vec![count("timebase", rate.nominal()), text("ntsc", ntsc)],
    )
}

fn timecode_of(frame: u64, rate: Rate, counting: Counting) -> Element {
    let format = match counting {
        Counting::NonDrop => "NDF",
        Counting::Drop => "DF",
    };
    group(
        "timecode",
        vec![
            rate_of(rate),
            text("string", timecode(frame, rate, counting)),
            count("frame", frame),
            text("displayformat", format),
        ],
    )
}

/// The whole shot, as a range that editors show.
fn marker(scene: &Scene, begin: u64, end: u64) -> Element {
    group(
        "marker",
        vec![
            text("comment", scene.note()),
            text("name", &scene.id),
            count("in", begin),
            count("out", end),
        ],
    )
}

fn video(film: &Film) -> Element {
    let format = group("format", vec![pictures(film.rate(), film.size())]);
    let mut track = clips(film, Sort::Picture);
    track.extend([text("enabled", "TRUE"), text("locked", "FALSE")]);
    group("video", vec![format, group("track", track)])
}

fn audio(film: &Film) -> Element {
    let mut track = clips(film, Sort::Sound);
    track.extend([text("enabled", "TRUE"), text("locked", "FALSE")]);
    group("audio", vec![group("track", track)])
}

fn pictures(rate: Rate, (width, height): (u32, u32)) -> Element {
    group(
        "samplecharacteristics",
        vec![
            rate_of(rate),
            count("width", width),
            count("height", height),
            text("anamorphic", "FALSE"),
            text("pixelaspectratio", "square"),
            text("fielddominance", "none"),
        ],
    )
}

/// Of which of a video's two streams a clip is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Picture,
    Sound,
}

fn clips(film: &Film, sort: Sort) -> Vec<Element> {
    let rate = film.rate();
    let mut clips = Vec::new();
    let (mut picture, mut sound) = (0, 0);
    for (number, (begin, scene)) in (1..).zip(film.placed()) {
        let Some(take) = &scene.shown else { continue };
        picture += 1;
        sound += u64::from(take.has_sound);
        if sort == Sort::Sound && !take.has_sound {
            continue;
        }
        let place = Place {
            number,
            picture,
            sound,
            begin,
            end: begin + scene.frames(rate),
        };
        clips.push(clip(scene, take, &place, (sort, rate)));
    }
    clips
}

/// Which shot a clip is, where its two halves are in their tracks (all from 1),
/// and when it is seen.
struct Place {
    number: usize,
    picture: u64,
    sound: u64,
    begin: u64,
    end: u64,
}

fn clip(scene: &Scene, take: &Take, place: &Place, (sort, rate): (Sort, Rate)) -> Element {
    let number = place.number;
    // In frames of the file: as many as the place in the sequence shows.
    let shown = rate.convert(place.end - place.begin, take.rate);
    let mut children = vec![
        text("name", &scene.id),
        count("duration", take.frames),
        rate_of(take.rate),
        text("enabled", "TRUE"),
        count("start", place.begin),
        count("end", place.end),
        count("in", 0_u32),
        count("out", shown.clamp(1, take.frames.max(1))),
        text("masterclipid", format!("masterclip-{number}")),
    ];
    match sort {
        // The file is told at its first use; later ones name it only.
        Sort::Picture => children.push(file(take, number)),
        Sort::Sound => {
            children.push(group("file", Vec::new()).with_id(format!("file-{number}")));
            children.push(group(
                "sourcetrack",
                vec![text("mediatype", "audio"), count("trackindex", 1_u32)],
            ));
        }
    }
    if take.has_sound {
        children.extend([
            link("picture", "video", number, place.picture),
            link("sound", "audio", number, place.sound),
        ]);
    }
    children.push(comments(scene, take));
    let name = match sort {
        Sort::Picture => "picture",
        Sort::Sound => "sound",
    };
    group("clipitem", children).with_id(format!("{name}-{number}"))
}

fn link(name: &str, media: &str, number: usize, index: u64) -> Element {
    group(
        "link",
        vec![
            text("linkclipref", format!("{name}-{number}")),
            text("mediatype", media),
            count("trackindex", 1_u32),
            count("clipindex", index),
        ],
    )
}

fn file(take: &Take, number: usize) -> Element {
    let picture = group(
        "video",
        vec![
            count("duration", take.frames),
            pictures(take.rate, take.size),
        ],
    );
    let mut media = vec![picture];
    if take.has_sound {
        media.push(group("audio", vec![count("channelcount", 2_u32)]));
    }
    group(
        "file",
        vec![
            text("name", take.file_name()),
            text("pathurl", file_url("localhost", &take.path)),
            rate_of(take.rate),
            count("duration", take.frames),
            timecode_of(0, take.rate, Counting::NonDrop),
            group("media", media),
        ],
    )
    .with_id(format!("file-{number}"))
}

fn comments(scene: &Scene, take: &Take) -> Element {
    let task = take.made.as_ref().and_then(|made| made.task.as_deref());
    group(
        "comments",
        vec![
            text("mastercomment1", &scene.prompt),
            text(
                "mastercomment2",
                format!("{}, take {}", scene.model, take.short()),
            ),
            text(
                "mastercomment3",
                format!("task {}", task.unwrap_or("unknown")),
            ),
            text("mastercomment4", scene.camera.join(", ")),
        ],
    )
}
