"""The shared store against a real S3 server, which this starts on loopback.

usage: share.py RUNNER

Needs moto[server] and boto3. Shows that what one machine pushed another has by digest
without creating anything, that pushes at once write each object once (conditional puts),
that pages of a listing are all read, that what was tampered with is found out, and that
neither a missing bucket nor a server that is away is taken for an empty store.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import logging

import boto3
from moto.server import ThreadedMotoServer

RUNNER = os.path.abspath(sys.argv[1])
BUCKET = "studio"
ADDRESS = f"s3://{BUCKET}/films/one"
FILM = """\
version: 1
defaults: { model: MiniMax-Hailuo-2.3, resolution: 768P, duration: 6 }
limits: { creates_per_minute: unlimited }
shots:
  - { id: dawn, prompt: The sun comes up over a harbour. }
  - { id: noon, prompt: The harbour at noon., first_frame: { shot: dawn, frame: last } }
  - { id: boat, prompt: A boat leaves the harbour. }
"""
SIMULATE = ["--simulate"]
FAST = ["--simulate", "--clips", "tiny", "--time-scale", "20000", "--progress", "none"]

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class Machine:
    def __init__(self, folder, endpoint):
        self.folder = folder
        folder.mkdir()
        (folder / "shots.yaml").write_text(FILM)
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "NO_COLOR": "1",
            "RUNNER_STATE_DIR": str(folder / "state"),
            "RUNNER_CONFIG_DIR": str(folder / "none"),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "AKIA-OF-A-TEST",
            "AWS_SECRET_ACCESS_KEY": "secret-of-a-test",
            "AWS_REGION": "us-east-1",
        }

    def start(self, *words):
        return subprocess.Popen(
            [RUNNER, *words], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    def run(self, *words, code=0):
        process = self.start(*words)
        out, told = process.communicate(timeout=300)
        assert process.returncode == code, (words, process.returncode, told)
        assert "secret-of-a-test" not in out + told, told
        return out, told

    def videos(self):
        found = sorted((self.folder / "out/simulated").glob("*.mp4"))
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}

    def decisions(self):
        report = json.loads((self.folder / "out/simulated/report.json").read_text())
        return {shot["id"]: shot["decision"] for shot in report["shots"]}


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    s3 = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="a", aws_secret_access_key="b",
        region_name="us-east-1",
    )

    def keys(below=""):
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=f"films/one/v1/{below}"
        )
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        store = ["--store", ADDRESS]
        a, b, c, d = (Machine(folder / name, endpoint) for name in "abcd")

        # No bucket: said, and nothing is made.
        _, told = a.run("apply", "shots.yaml", *FAST, *store, code=2)
        assert "make the bucket" in told, told
        assert not a.videos()
        s3.create_bucket(Bucket=BUCKET)

        # Nobody listens: another code, and nothing is made either.
        away = dict(a.environment)
        a.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
        a.run("apply", "shots.yaml", *FAST, *store, code=6)
        assert not a.videos()
        a.environment = away

        a.run("apply", "shots.yaml", *FAST, *store)
        assert len(keys("videos/")) == 3 and len(keys("entries/")) == 3, keys()
        head = s3.head_object(Bucket=BUCKET, Key=keys("videos/")[0])
        assert head["ContentType"] == "video/mp4", head

        _, told = b.run("apply", "shots.yaml", *FAST, *store)
        assert set(b.decisions().values()) == {"reuse"}, (b.decisions(), told)
        assert a.videos() == b.videos() and len(a.videos()) == 3

        # Two at once, into an empty bucket: each object is written by one of them.
        for key in keys():
            s3.delete_object(Bucket=BUCKET, Key=key)
        pushes = [machine.start("push", "shots.yaml", *SIMULATE, *store) for machine in (a, b)]
        written = 0
        for push in pushes:
            _, told = push.communicate(timeout=300)
            assert push.returncode == 0, told
            written += int(told.rsplit(" and ", 1)[1].split(" ")[0])
        assert written == 3 and len(keys()) == 6, (written, keys())

        # The condition itself: nobody's client writes over what is there.
        video = keys("videos/")[0]
        good = s3.get_object(Bucket=BUCKET, Key=video)["Body"].read()
        s3.put_object(Bucket=BUCKET, Key=video, Body=good[: len(good) // 2])
        _, told = a.run("push", "shots.yaml", *SIMULATE, *store, code=101)
        assert video in told, told
        size = s3.head_object(Bucket=BUCKET, Key=video)["ContentLength"]
        assert size == len(good) // 2

        # A broken video and a broken entry, found out by a third machine.
        bent = bytes([good[0] ^ 1]) + good[1:]
        s3.put_object(Bucket=BUCKET, Key=video, Body=bent)
        _, told = c.run("pull", "shots.yaml", *SIMULATE, *store, code=101)
        assert video in told and "does not fit its name" in told, told
        assert len(c.videos()) == 2 or "dawn.mp4" not in c.videos(), c.videos()
        s3.put_object(Bucket=BUCKET, Key=video, Body=good)
        c.run("pull", "shots.yaml", *SIMULATE, *store)
        assert c.videos() == a.videos()

        # More objects for one request than a page has: all of them are read.
        entry = keys("entries/")[0]
        folder_of = entry.rsplit("/", 1)[0]
        for number in range(1100):
            s3.put_object(Bucket=BUCKET, Key=f"{folder_of}/{number:064x}.json", Body=b"{}")
        _, told = d.run("pull", "shots.yaml", *SIMULATE, *store, code=101)
        assert "more than 256 entries" in told, told

    server.stop()
    print("the shared store against an S3 server: all good")


main()
