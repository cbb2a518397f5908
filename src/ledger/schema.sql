-- One row for each execution of `runner apply`.
CREATE TABLE runs (
    run_id         TEXT PRIMARY KEY,
    shared_id      TEXT,                        -- the name of all parts of a larger run
    counts         INTEGER NOT NULL,            -- whether the folder's report is of it
    started_at     TEXT NOT NULL,               -- RFC 3339, as every time here
    finished_at    TEXT,                        -- NULL: cut off, or still running
    paused_until   TEXT,                        -- nothing is created until then
    paused_by      TEXT CHECK (paused_by IN ('service', 'limit')),
    manifest       TEXT NOT NULL,
    backend        TEXT NOT NULL,
    base_url       TEXT NOT NULL,
    free           INTEGER NOT NULL,            -- whether nothing is charged there
    runner_version TEXT NOT NULL,
    spec_version   TEXT NOT NULL
) STRICT;

-- One row for each attempt to create a task, from before the request leaves.
CREATE TABLE attempts (
    sequence        INTEGER PRIMARY KEY,        -- order in which they were intended
    attempt_id      TEXT NOT NULL UNIQUE,
    run_id          TEXT NOT NULL REFERENCES runs (run_id),
    shot_id         TEXT NOT NULL,
    fingerprint     TEXT NOT NULL,
    number          INTEGER NOT NULL,           -- from 1, for each fingerprint
    backend         TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN (
        'intended', 'created', 'succeeded', 'saved', 'failed', 'refused',
        'uncertain', 'lost', 'superseded')),
    intended_at     TEXT NOT NULL,
    changed_at      TEXT NOT NULL,
    task_id         TEXT,
    file_id         TEXT,
    trace_id        TEXT,
    request_json    TEXT NOT NULL,              -- media as digests
    price_micros    INTEGER,                    -- NULL: the price table had none
    currency        TEXT,
    failure_class   TEXT,
    failure_code    INTEGER,
    failure_message TEXT
) STRICT;

-- Never pay twice: the states are those of `AttemptStanding::holds_money`.
CREATE UNIQUE INDEX one_payment_per_fingerprint ON attempts (fingerprint)
    WHERE state IN ('intended', 'created', 'succeeded', 'saved', 'uncertain');

CREATE INDEX attempts_of_request ON attempts (fingerprint);

-- Attempts that hold money beside the one that stands for the same request: two
-- folders paid for it and were merged. Each waits as superseded until what stands is
-- settled, and has its own state again then.
CREATE TABLE waiting (
    attempt_id TEXT PRIMARY KEY REFERENCES attempts (attempt_id),
    state      TEXT NOT NULL CHECK (state IN (
        'intended', 'created', 'succeeded', 'uncertain'))
) STRICT;

-- What each run did not pay for because it was there already.
CREATE TABLE savings (
    run_id   TEXT NOT NULL REFERENCES runs (run_id),
    currency TEXT NOT NULL,
    micros   INTEGER NOT NULL
) STRICT;

-- The take that a person chose for a request, where it is not the last one.
CREATE TABLE choices (
    fingerprint TEXT PRIMARY KEY,
    attempt_id  TEXT NOT NULL REFERENCES attempts (attempt_id),
    chosen_at   TEXT NOT NULL
) STRICT;

-- The take that a person chose last for a shot, whatever was asked for then. Unlike
-- a choice it outlives the next take, which can be compared with it.
CREATE TABLE accepted (
    shot_id     TEXT NOT NULL,
    backend     TEXT NOT NULL,
    attempt_id  TEXT NOT NULL REFERENCES attempts (attempt_id),
    accepted_at TEXT NOT NULL,
    PRIMARY KEY (shot_id, backend)
) STRICT, WITHOUT ROWID;

-- Frames that requests were made with: what a fingerprint was made of does not
-- hang on a picture that can be lost, nor on the decoder that took it.
CREATE TABLE frames (
    video_sha256  TEXT NOT NULL,
    place         TEXT NOT NULL,                -- first, middle, last, 2500ms
    pixels_sha256 TEXT NOT NULL,
    decoder       TEXT NOT NULL,
    PRIMARY KEY (video_sha256, place)
) STRICT;

-- The video that came of an attempt.
CREATE TABLE videos (
    attempt_id  TEXT PRIMARY KEY REFERENCES attempts (attempt_id),
    path        TEXT NOT NULL,                  -- in the output folder, with `/`
    bytes       INTEGER NOT NULL,
    sha256      TEXT NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    fps         REAL NOT NULL,
    codec       TEXT NOT NULL,
    saved_at    TEXT NOT NULL
) STRICT;

-- What the service said last of each shot of the latest run, for whoever looks on.
CREATE TABLE statuses (
    run_id  TEXT NOT NULL REFERENCES runs (run_id),
    shot_id TEXT NOT NULL,
    status  TEXT NOT NULL,
    PRIMARY KEY (run_id, shot_id)
) STRICT, WITHOUT ROWID;

-- What happened in each run, so that it can be told again. Never read to decide
-- what is paid: that is in `attempts`.
CREATE TABLE events (
    position INTEGER PRIMARY KEY,               -- order in which they were written
    run_id   TEXT NOT NULL REFERENCES runs (run_id),
    packed   INTEGER NOT NULL,                  -- whether `lines` is deflated
    lines    BLOB NOT NULL                      -- one JSON object for each event
) STRICT;

CREATE INDEX events_of_run ON events (run_id, packed);

-- The shots that a run began with, some hundred together. Runs that decide the
-- same share them, so that running again what is there already takes no room.
CREATE TABLE casts (
    digest TEXT PRIMARY KEY,                    -- SHA-256 of the JSON
    shots  BLOB NOT NULL                        -- a JSON list, deflated
) STRICT;

CREATE TABLE run_casts (
    run_id   TEXT NOT NULL REFERENCES runs (run_id),
    position INTEGER NOT NULL,
    digest   TEXT NOT NULL REFERENCES casts (digest),
    PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX runs_of_cast ON run_casts (digest);
