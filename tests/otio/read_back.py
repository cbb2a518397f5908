"""Reads an exported timeline with the reference library of OpenTimelineIO.

    python read_back.py RUNNER MANIFEST FOLDER

FOLDER is the output folder of a simulated run of MANIFEST. Checks durations,
addresses, takes, markers and gaps, writes the timeline again with the library, and
lets `runner retime` read that. Ends with a message and code 1 at the first mistake.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import opentimelineio as otio

RUNNER, MANIFEST, FOLDER = sys.argv[1], sys.argv[2], Path(sys.argv[3])
HERE = ["--simulate", "--videos", str(FOLDER)]


def runner(*words):
    done = subprocess.run([RUNNER, *words], capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stderr}"
    return done.stdout


def check_clip(clip, folder, rate):
    meta = clip.metadata["runner"]
    assert clip.name == meta["shot"], clip.name
    assert meta["prompt"] and meta["model"] and meta["task_id"] and meta["attempt_id"], clip.name
    references = clip.media_references()
    active = references[clip.active_media_reference_key]
    assert isinstance(active, otio.schema.ExternalReference)
    assert active.metadata["runner"]["sha256"] == clip.active_media_reference_key
    for reference in references.values():
        path = Path(folder, otio.url_utils.filepath_from_url(reference.target_url))
        assert path.is_file(), f"{reference.target_url} leads nowhere"
    length = clip.source_range.duration
    assert length.rate == rate and length == clip.duration()
    available = active.available_range.duration
    assert 0 <= (available - length).to_seconds() < 1 / rate, clip.name
    assert abs(available.to_seconds() - meta["planned_seconds"]) < 0.1, clip.name
    return len(references)


def check(path):
    timeline = otio.adapters.read_from_file(str(path))
    rate = timeline.global_start_time.rate
    assert timeline.global_start_time.to_timecode() == "01:00:00:00"
    track = timeline.video_tracks()[0]
    takes = gaps = 0
    total = otio.opentime.RationalTime(0, rate)
    for item in track:
        total += item.duration()
        (marker,) = item.markers
        assert item.metadata["runner"]["prompt"] in marker.comment
        if isinstance(item, otio.schema.Gap):
            gaps += 1
            assert item.metadata["runner"]["reason"], item.name
            assert item.duration().to_seconds() == item.metadata["runner"]["planned_seconds"]
        else:
            takes += check_clip(item, path.parent, rate)
    assert total == track.duration() == timeline.duration()
    return timeline, takes, gaps


def main():
    shots = json.loads(runner("status", MANIFEST, "--simulate", "--out", str(FOLDER), "--json"))["shots"]
    made = [shot["id"] for shot in shots if shot["state"] == "saved"]
    out = FOLDER / "read back.otio"
    runner("export", MANIFEST, *HERE, "--out", str(out))
    timeline, takes, gaps = check(out)
    names = [item.name for item in timeline.video_tracks()[0]]
    assert names == [shot["id"] for shot in shots], names
    assert gaps == len(shots) - len(made) and takes >= len(made)

    with tempfile.TemporaryDirectory() as elsewhere:
        # From another folder, and with both other ways to name the files.
        for style in ["relative", "absolute", "url"]:
            moved = Path(elsewhere) / f"{style}.otio"
            runner("export", MANIFEST, *HERE, "--paths", style, "--out", str(moved))
            check(moved)

        # What an editor does: turns the order, trims, takes one out, uses one twice.
        track = timeline.video_tracks()[0]
        clips = [item.deepcopy() for item in track]
        track[:] = []
        second = otio.opentime.RationalTime(1, 1)
        for clip in reversed(clips[1:]):
            clip.source_range = otio.opentime.TimeRange(
                clip.source_range.start_time, clip.source_range.duration - second
            )
            track.append(clip)
        track.append(clips[1].deepcopy())
        edited = Path(elsewhere) / "edited.otio"
        otio.adapters.write_to_file(timeline, str(edited))
        told = json.loads(runner("retime", MANIFEST, *HERE, "--from", str(edited), "--json"))
        assert told["unused"] == names[:1], told["unused"]
        assert told["order"]["edit"] == list(reversed(names[1:])), told["order"]
        for shot in told["shots"]:
            if shot["id"] in names[2:]:
                length = shot["made_seconds"] or shot["asked_seconds"]
                assert abs(shot["used_seconds"] - length + 1) < 0.05, shot
    print(f"{len(names)} shots, {takes} takes, {gaps} gaps: read, written and read again")


main()
