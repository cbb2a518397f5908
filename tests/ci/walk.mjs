// A film's CI from end to end: the workflow of manifests/ci, carried out.
//
//   node tests/ci/walk.mjs RUNNER MODULES
//
// RUNNER is the program, MODULES a folder with @actions/workflow-parser,
// @actions/expressions and gitlab-ci-local in node_modules. Ends with 1 at the first
// thing that is not so. Nothing is sent anywhere.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Service } from "./github.mjs";

const [runner, modules] = process.argv.slice(2).map((path) => resolve(path));
const HERE = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const PROJECT = resolve(HERE, "../..");
const SHOTS = ["stairs", "lamp", "beam", "ship", "dawn"];
const WORKFLOW = ".github/workflows/film.yml";

const stage = mkdtempSync(join(tmpdir(), "runner-ci-"));
process.on("exit", () => rmSync(stage, { recursive: true, force: true }));
const tools = join(stage, "bin");
const film = join(stage, "film");
const digest = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");
const report = (folder) => JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
let held = 0;

/** One thing that has to hold, said when it does. */
function holds(what, check) {
  check();
  held += 1;
  console.log(`  ok  ${what}`);
}

/** Other words in the storyboard. */
function edit(folder, from, to) {
  const file = join(folder, "shots.yaml");
  const manifest = readFileSync(file, "utf8");
  assert.ok(manifest.includes(from), `the storyboard has no \`${from}\``);
  writeFileSync(file, manifest.replace(from, to));
}

/** What a storyboard author does before the first push. */
function author() {
  cpSync(join(PROJECT, "manifests/ci"), film, { recursive: true });
  const run = (...words) => execFileSync(runner, words, { cwd: film, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
  run("apply", "shots.yaml", "--simulate", "--time-scale", "20000", "--record", "recording", "--progress", "none");
  rmSync(join(film, "out"), { recursive: true });
  run("lock", "shots.yaml");
}

/** The service, with the program where an earlier job would have left it. */
function service(name, repository) {
  const folder = join(stage, name);
  const actions = { "your-org/runner": PROJECT };
  return Service.open({ modules, repository, folder, actions, path: `${tools}:${process.env.PATH}` });
}

const failed = (log) => log.filter((entry) => entry.conclusion === "failure").map((entry) => `${entry.job}: ${entry.step}`);
const said = (service) => service.log.map((entry) => entry.said ?? "").join("");

/** `cargo install`, as far as a job needs it: the program that is under test. */
function cargo() {
  mkdirSync(tools, { recursive: true });
  const script = `#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in --root) root=$2; shift;; esac
  shift
done
mkdir -p "\${root:-$CARGO_HOME}/bin" && cp '${runner}' "\${root:-$CARGO_HOME}/bin/runner"
`;
  writeFileSync(join(tools, "cargo"), script, { mode: 0o755 });
}

/** A pull request that changes nothing about the film. */
async function same() {
  console.log("a pull request that leaves the film as it is");
  const github = await service("same", film);
  const results = github.run(WORKFLOW, { event_name: "pull_request", ref: "refs/pull/1/merge" });
  const words = Object.fromEntries(Object.entries(results).map(([job, { result }]) => [job, result]));
  holds("every job passes, and nobody makes anything", () => {
    assert.deepEqual(words, { check: "success", replay: "success", result: "success", make: "skipped" }, said(github));
    assert.deepEqual(github.annotations, []);
  });
  holds("the plan is in the summary of `check`", () => {
    for (const shot of SHOTS) assert.match(github.summaries.check, new RegExp(`\\b${shot}\\b`));
  });
  const shards = ["shard-1", "shard-2"].map((name) => report(join(github.folder, "artifacts", name)));
  holds("each shard has a part, and no shot is in two", () => {
    const ids = shards.flatMap((shard) => shard.shots.map((shot) => shot.id));
    assert.deepEqual([...ids].sort(), [...SHOTS].sort());
  });
  const whole = join(github.folder, "artifacts", "film");
  holds("the whole film is in one report, in its order, with its checks", () => {
    const { shots } = report(whole);
    assert.deepEqual(shots.map((shot) => shot.id), SHOTS);
    for (const shot of shots) assert.equal(digest(join(whole, shot.video.path)), shot.video.sha256);
  });
  holds("the summary of the whole is there, and JUnit, the gallery, the ledger", () => {
    for (const shot of SHOTS) assert.match(github.summaries.result, new RegExp(`\\b${shot}\\b`));
    for (const file of ["junit.xml", "report.html", ".runner/ledger.sqlite"]) assert.ok(existsSync(join(whole, file)), file);
  });
  holds("the second run of a job builds nothing", () => {
    assert.ok(readdirSync(join(github.folder, "cache")).some((name) => name.startsWith("runner-")));
    const installs = github.log.filter((entry) => entry.step === "Build the program" && entry.conclusion !== "skipped");
    assert.equal(installs.length, 1);
  });
  return whole;
}

/** A pull request that rewrites a prompt and forgets lock and recording. */
async function rewritten() {
  console.log("a pull request that changes a prompt, and not the lock");
  const changed = join(stage, "changed");
  cpSync(film, changed, { recursive: true });
  edit(changed, "great lamp", "small lamp");
  const github = await service("rewritten", changed);
  const results = github.run(WORKFLOW, { event_name: "pull_request", ref: "refs/pull/2/merge" });
  holds("`check` fails, says which words, and nothing is replayed", () => {
    assert.equal(results.check.result, "failure");
    assert.equal(results.replay.result, "skipped");
    assert.equal(results.result.result, "skipped");
    assert.match(said(github), /lamp/);
    assert.match(said(github), /great/);
  });
  execFileSync(runner, ["lock", "shots.yaml"], { cwd: changed, stdio: "ignore" });
  const locked = await service("relocked", changed);
  const later = locked.run(WORKFLOW, { event_name: "pull_request", ref: "refs/pull/2/merge" });
  holds("with a new lock the recording is too old: the shard of that shot says so", () => {
    assert.equal(later.check.result, "success", said(locked));
    assert.equal(later.replay.result, "failure");
    assert.ok(failed(locked.log).some((step) => /Run|replay/.test(step)));
    assert.match(said(locked), /great/);
  });
}

/** A storyboard with a mistake. */
async function mistaken() {
  console.log("a pull request with a mistake");
  const changed = join(stage, "mistaken");
  cpSync(film, changed, { recursive: true });
  edit(changed, "id: ship", "name: ship");
  const github = await service("wrong", changed);
  const results = github.run(WORKFLOW, { event_name: "pull_request", ref: "refs/pull/3/merge" });
  holds("the line is annotated", () => {
    assert.equal(results.check.result, "failure");
    assert.ok(github.annotations.some((line) => /^::error file=shots\.yaml,line=\d+/.test(line)), said(github));
  });
}

/** Somebody starts the paid job; the service is a simulator of our own. */
async function made() {
  console.log("the paid job, at a service of our own");
  const paid = join(stage, "paid");
  cpSync(film, paid, { recursive: true });
  rmSync(join(paid, "shots.lock"));
  edit(paid, "version: 1\n", "version: 1\nbackend: simulator\n");
  execFileSync(runner, ["lock", "shots.yaml"], { cwd: paid, stdio: "ignore" });
  // As a run with callbacks leaves it.
  mkdirSync(join(paid, "out/.runner"), { recursive: true });
  writeFileSync(join(paid, "out/.runner/callback.key"), "a secret of this machine");
  const github = await service("made", paid);
  const event = { event_name: "workflow_dispatch", ref: "refs/heads/main" };
  const given = { inputs: { "max-cost": "5 USD" }, secrets: { MINIMAX_API_KEY: "sk-api-not-a-real-key-0123456789" } };
  const first = github.run(WORKFLOW, event, given);
  holds("the videos are made, and the ledger is kept for the next job", () => {
    assert.equal(first.make.result, "success", said(github));
    assert.ok(readdirSync(join(github.folder, "cache")).some((name) => name.startsWith("film-")));
  });
  holds("the key of callbacks is in no artifact and no cache", () => {
    const found = spawnSync("grep", ["-rl", "a secret of this machine", join(github.folder, "artifacts"), join(github.folder, "cache")], { encoding: "utf8" });
    assert.equal(found.stdout, "");
    assert.ok(existsSync(join(github.folder, "artifacts/videos/.runner/ledger.sqlite")));
  });
  const before = digest(join(github.folder, "artifacts/videos/stairs.mp4"));
  github.log.length = 0;
  const second = github.run(WORKFLOW, { ...event, run_id: "4712" }, given);
  holds("the next run has them and makes none again", () => {
    assert.equal(second.make.result, "success", said(github));
    const { shots } = report(join(github.folder, "artifacts/videos"));
    assert.deepEqual([...new Set(shots.map((shot) => shot.decision))], ["reuse"]);
    assert.equal(digest(join(github.folder, "artifacts/videos/stairs.mp4")), before);
  });
  holds("the key is in nothing that a job said or kept", () => {
    assert.ok(!said(github).includes("not-a-real-key"));
    const found = spawnSync("grep", ["-rl", "not-a-real-key", join(github.folder, "artifacts"), join(github.folder, "cache")], { encoding: "utf8" });
    assert.equal(found.stdout, "");
  });
}

/** The same film at GitLab, by a program that carries out its files. */
function gitlab() {
  console.log("the same at GitLab");
  const repository = join(stage, "gitlab");
  cpSync(film, repository, { recursive: true });
  const git = (...words) => execFileSync("git", ["-c", "user.name=author", "-c", "user.email=author@example.com", ...words], { cwd: repository, stdio: "ignore" });
  git("init", "--initial-branch", "main");
  git("add", "--all");
  git("commit", "--message", "film");
  git("remote", "add", "origin", "https://gitlab.example.com/studio/film.git");
  const local = join(modules, "node_modules/gitlab-ci-local/src/index.js");
  const ran = spawnSync(process.execPath, [local, "--force-shell-executor"], {
    cwd: repository,
    encoding: "utf8",
    env: { PATH: `${tools}:${process.env.PATH}`, HOME: join(stage, "gitlab-home") },
  });
  const text = `${ran.stdout}${ran.stderr}`;
  holds("every job passes but the one that a person starts", () => {
    assert.equal(ran.status, 0, text);
    for (const job of ["check", "replay: [1/2]", "replay: [2/2]", "result"]) assert.ok(text.includes(`PASS  ${job}`), text);
    assert.ok(!/PASS {2}make/.test(text));
  });
  holds("the whole film is an artifact", () => {
    const whole = join(repository, "out");
    assert.deepEqual(report(whole).shots.map((shot) => shot.id), SHOTS);
  });
  return join(repository, "out");
}

/** Both services got the same videos. */
function alike(one, other) {
  holds("both services have the same film", () => {
    const { status, stdout, stderr } = spawnSync(runner, ["diff", join(one, "report.json"), join(other, "report.json")], { encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  });
}

cargo();
author();
const github = await same();
await rewritten();
await mistaken();
await made();
alike(github, gitlab());
console.log(`${held} passed, 0 failed`);
