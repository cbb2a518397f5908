// Carries out a workflow of GitHub Actions in clean folders, without the service.
//
// Workflows and actions are read by GitHub's own parser, `${{ }}` by GitHub's own
// evaluator. Owns what is missing for a run: jobs in the order of their needs,
// matrices, steps in bash, composite actions, and stand-ins for checkout, cache and
// artifacts. Knows nothing of films.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const EXPRESSION = /\$\{\{([\s\S]*?)\}\}/g;
const CONTEXTS = ["github", "env", "vars", "inputs", "matrix", "strategy", "needs", "steps", "runner", "secrets", "job"];

/** GitHub's packages import JSON as bundlers do; Node wants it said. */
const JSON_TOO = `export const load = (url, context, next) => {
  const said = "importAttributes" in context ? "importAttributes" : "importAssertions";
  return next(url, url.endsWith(".json") ? { ...context, [said]: { type: "json" } } : context);
};`;

/** The parser and the evaluator, from a folder with node_modules. */
async function libraries(modules) {
  register("data:text/javascript," + encodeURIComponent(JSON_TOO));
  const from = (path) => import(pathToFileURL(join(modules, "node_modules", path)).href);
  const parser = await from("@actions/workflow-parser/dist/index.js");
  const actions = await from("@actions/workflow-parser/dist/actions/index.js");
  const expressions = await from("@actions/expressions/dist/index.js");
  const yaml = await from("yaml/dist/index.js");
  return { ...parser, ...actions, ...expressions, yaml: yaml.default ?? yaml };
}

/** Every file below a folder, by its path with `/`. */
function files(folder, below = "") {
  if (!existsSync(join(folder, below))) return [];
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below ? `${below}/${entry.name}` : entry.name;
    return entry.isDirectory() ? files(folder, path) : [path];
  });
}

/** Whether a pattern with `*` and `**` means a path. */
function means(pattern, path) {
  const escaped = pattern.replace(/^\.\//, "").replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const regular = escaped.replace(/\*\*\/?|\*/g, (star) => (star === "*" ? "[^/]*" : ".*"));
  return new RegExp(`^${regular}(/.*)?$`).test(path);
}

/** A folder that stands for the service: repository, caches, artifacts. */
export class Service {
  /** What people and programs can see of a run, in the order in which it came. */
  log = [];
  annotations = [];
  summaries = {};

  /**
   * @param repository what checkout gives
   * @param folder where everything of the service is kept
   * @param actions folders of actions, by what stands before the `@` of `uses:`
   */
  static async open({ modules, repository, folder, actions, path, environment = {} }) {
    const service = new Service();
    Object.assign(service, { repository, folder, actions, path, environment, lib: await libraries(modules) });
    for (const part of ["cache", "artifacts", "jobs"]) mkdirSync(join(folder, part), { recursive: true });
    return service;
  }

  /** Reads a workflow or an action; GitHub's parser must not mind anything. */
  read(file, parse) {
    const content = readFileSync(file, "utf8");
    const { context } = this.lib[parse]({ name: file, content }, new this.lib.NoOperationTraceWriter());
    const errors = context.errors.getErrors().map(String);
    if (errors.length) throw new Error(errors.join("\n"));
    return this.lib.yaml.parse(content);
  }

  /** Evaluates one expression. */
  value(source, contexts, functions) {
    const { Lexer, Parser, Evaluator, data } = this.lib;
    const known = [...functions.values()];
    const tree = new Parser(new Lexer(source).lex().tokens, CONTEXTS, known).parse();
    const made = JSON.parse(JSON.stringify(contexts), data.reviver);
    const found = new Evaluator(tree, made, functions).evaluate();
    return JSON.parse(JSON.stringify(found, data.replacer) ?? "null");
  }

  /** Fills `${{ }}` in a text; a text that is one expression keeps its kind. */
  fill(text, contexts, functions) {
    if (typeof text !== "string") return text;
    const whole = text.match(/^\s*\$\{\{((?:(?!\}\})[\s\S])*)\}\}\s*$/);
    if (whole) return this.value(whole[1].trim(), contexts, functions);
    return text.replace(EXPRESSION, (_, source) => this.value(source.trim(), contexts, functions) ?? "");
  }

  fillAll(map, contexts, functions) {
    const filled = Object.entries(map ?? {}).map(([key, text]) => [key, String(this.fill(text, contexts, functions) ?? "")]);
    return Object.fromEntries(filled);
  }

  /** Runs a workflow for an event; gives the result of every job, by its name. */
  run(file, github, { inputs = {}, secrets = {} } = {}) {
    const workflow = this.read(join(this.repository, file), "parseWorkflow");
    const results = {};
    const waiting = new Map(Object.entries(workflow.jobs));
    while (waiting.size) {
      const [id, job] = [...waiting].find(([, job]) => [job.needs ?? []].flat().every((need) => need in results));
      waiting.delete(id);
      const needs = Object.fromEntries([job.needs ?? []].flat().map((need) => [need, results[need]]));
      results[id] = this.job(id, job, { github: { run_id: "4711", run_attempt: "1", ...github }, inputs, secrets, needs }, workflow);
    }
    return results;
  }

  /** All cells of one job. */
  job(id, job, contexts, workflow) {
    const bad = Object.values(contexts.needs).some((need) => need.result !== "success");
    const functions = this.functions({ failed: bad, workspace: this.repository });
    if (!this.wanted(job.if, contexts, functions)) return { result: "skipped", outputs: {} };
    const cells = this.cells(this.fill(job.strategy?.matrix, contexts, functions) ?? {});
    const ended = cells.map((matrix, at) => {
      const strategy = { "job-index": at, "job-total": cells.length, "fail-fast": job.strategy?.["fail-fast"] ?? true };
      return this.cell(`${id}${cells.length > 1 ? `-${at + 1}` : ""}`, job, { ...contexts, matrix, strategy }, workflow);
    });
    const result = ended.every((cell) => cell.result === "success") ? "success" : "failure";
    return { result, outputs: Object.assign({}, ...ended.map((cell) => cell.outputs)) };
  }

  cells(matrix) {
    const lists = Object.entries(matrix).filter(([key]) => key !== "include" && key !== "exclude");
    return lists.reduce((cells, [key, values]) => cells.flatMap((cell) => values.map((value) => ({ ...cell, [key]: value }))), [{}]);
  }

  /** One job on one clean machine. */
  cell(name, job, contexts, workflow) {
    const home = join(this.folder, "jobs", name);
    rmSync(home, { recursive: true, force: true });
    const workspace = join(home, "work");
    for (const folder of [workspace, join(home, "home"), join(home, "temp")]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(home, "summary.md"), "");
    const env = this.fillAll({ ...workflow.env, ...job.env }, contexts, this.functions({ failed: false, workspace }));
    const machine = { name, home, workspace, failed: false, after: [], path: this.path, env };
    const all = {
      ...contexts,
      runner: { os: "Linux", arch: "X64", temp: join(home, "temp") },
      github: { ...contexts.github, workspace },
      job: { status: "success" },
    };
    const steps = this.steps(job.steps, machine, all, job.defaults?.run ?? workflow.defaults?.run ?? {});
    for (const later of machine.after.reverse()) later();
    this.summaries[name] = readFileSync(join(home, "summary.md"), "utf8");
    const outputs = this.fillAll(job.outputs, { ...all, steps }, this.functions(machine));
    return { result: machine.failed ? "failure" : "success", outputs };
  }

  /** The steps of a job or of an action, one after the other. */
  steps(list, machine, contexts, defaults, actionPath) {
    const steps = {};
    for (const step of list) {
      const known = { ...contexts, steps, env: { ...machine.env } };
      const functions = this.functions(machine);
      const title = this.fill(step.name, known, functions) ?? step.uses ?? step.run.split("\n")[0];
      let outcome = { outputs: {}, outcome: "skipped", conclusion: "skipped" };
      if (this.wanted(step.if, known, functions)) {
        const env = this.fillAll(step.env, known, functions);
        const { status, outputs } = step.run
          ? this.shell(step, machine, known, functions, env, defaults, actionPath)
          : this.uses(step, machine, known, functions, env);
        const failed = status !== 0;
        const forgiven = failed && this.fill(step["continue-on-error"] ?? false, known, functions) === true;
        outcome = { outputs, outcome: failed ? "failure" : "success", conclusion: failed && !forgiven ? "failure" : "success" };
        machine.failed ||= failed && !forgiven;
        contexts.job.status = machine.failed ? "failure" : "success";
      }
      this.log.push({ job: machine.name, step: title, ...outcome });
      if (step.id) steps[step.id] = outcome;
    }
    return steps;
  }

  wanted(condition, contexts, functions) {
    if (condition === undefined) return functions.get("success").call().value;
    const source = String(condition).replace(/^\s*\$\{\{([\s\S]*)\}\}\s*$/, "$1").trim();
    const says = /\b(success|failure|always|cancelled)\s*\(/.test(source);
    const found = this.value(says ? source : `success() && (${source})`, contexts, functions);
    return Boolean(found);
  }

  /** Functions that only a run can answer. */
  functions({ failed, workspace }) {
    const { data } = this.lib;
    const say = (name, value) => [name, { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value) }];
    const hash = (...patterns) => {
      const found = files(workspace).filter((path) => patterns.some((pattern) => means(pattern.coerceString(), path))).sort();
      const whole = createHash("sha256");
      for (const path of found) whole.update(createHash("sha256").update(readFileSync(join(workspace, path))).digest());
      return new data.StringData(found.length ? whole.digest("hex") : "");
    };
    return new Map([
      say("success", !failed), say("failure", failed), say("always", true), say("cancelled", false),
      ["hashfiles", { name: "hashFiles", minArgs: 1, maxArgs: 255, call: hash }],
    ]);
  }

  /** A step with `run:`, in bash as GitHub calls it, with nothing of this machine's environment but a path. */
  shell(step, machine, contexts, functions, env, defaults, actionPath) {
    const { home, workspace } = machine;
    const script = join(home, "temp", "step.sh");
    writeFileSync(script, this.fill(step.run, contexts, functions));
    for (const file of ["output", "env", "path"]) writeFileSync(join(home, file), "");
    const shell = step.shell ?? defaults.shell;
    const options = shell === "bash" ? ["--noprofile", "--norc", "-eo", "pipefail"] : ["-e"];
    const folder = this.fill(step["working-directory"] ?? defaults["working-directory"] ?? ".", contexts, functions);
    const ran = spawnSync("bash", [...options, script], {
      cwd: resolve(workspace, folder),
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: machine.path, HOME: join(home, "home"), CI: "true", GITHUB_ACTIONS: "true", RUNNER_TEMP: join(home, "temp"), RUNNER_OS: "Linux",
        GITHUB_WORKSPACE: workspace, GITHUB_OUTPUT: join(home, "output"), GITHUB_ENV: join(home, "env"), GITHUB_PATH: join(home, "path"),
        GITHUB_STEP_SUMMARY: join(home, "summary.md"), GITHUB_RUN_ID: contexts.github.run_id, GITHUB_RUN_ATTEMPT: contexts.github.run_attempt,
        ...(actionPath && { GITHUB_ACTION_PATH: actionPath }), ...this.environment, ...machine.env, ...env,
      },
    });
    const said = `${ran.stdout}${ran.stderr}`;
    this.annotations.push(...said.split("\n").filter((line) => /^::(error|warning|notice)[ :]/.test(line)));
    this.log.push({ job: machine.name, said, status: ran.status });
    Object.assign(machine.env, pairs(join(home, "env")));
    const added = readFileSync(join(home, "path"), "utf8").split("\n").filter(Boolean);
    machine.path = [...added, machine.path].join(":");
    return { status: ran.status, outputs: pairs(join(home, "output")) };
  }

  /** A step with `uses:`. */
  uses(step, machine, contexts, functions, env) {
    const [action] = step.uses.split("@");
    const given = this.fillAll(step.with, contexts, functions);
    const standIn = STAND_INS[action];
    if (standIn) return { status: 0, outputs: {}, ...standIn(this, machine, given) };
    const folder = action.startsWith("./") ? join(machine.workspace, action) : this.actions[action];
    if (!folder) throw new Error(`nobody knows the action \`${action}\``);
    const { inputs = {}, outputs = {}, runs } = this.read(join(folder, "action.yml"), "parseAction");
    const strange = Object.keys(given).filter((key) => !(key in inputs));
    if (strange.length) throw new Error(`\`${action}\` has no input \`${strange}\``);
    const defaults = Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, input.default ?? ""]));
    const inner = { ...contexts, inputs: { ...this.fillAll(defaults, contexts, functions), ...given }, github: { ...contexts.github, action_path: folder } };
    const before = machine.failed;
    Object.assign(machine.env, env);
    const steps = this.steps(runs.steps, machine, inner, {}, folder);
    for (const key of Object.keys(env)) delete machine.env[key];
    const failed = machine.failed && !before;
    machine.failed = before;
    const said = Object.fromEntries(Object.entries(outputs).map(([key, output]) => [key, output.value]));
    return { status: failed ? 1 : 0, outputs: this.fillAll(said, { ...inner, steps }, this.functions(machine)) };
  }
}

/** `key=value` and `key<<END` lines, as steps write them. */
function pairs(file) {
  const lines = readFileSync(file, "utf8").split("\n");
  const found = {};
  while (lines.length) {
    const line = lines.shift();
    const long = line.match(/^([^=<]+)<<(.+)$/);
    if (long) {
      const end = lines.indexOf(long[2]);
      found[long[1]] = lines.splice(0, end + 1).slice(0, -1).join("\n");
    } else if (line.includes("=")) {
      found[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
    }
  }
  return found;
}

const listed = (text) => (text ?? "").split("\n").map((line) => line.trim()).filter(Boolean);
const place = (machine, path) => resolve(machine.workspace, path.replace(/^~/, join(machine.home, "home")));

function restore(service, machine, { key, path, "restore-keys": more }) {
  const names = readdirSync(join(service.folder, "cache")).map((name) => decodeURIComponent(name));
  const newest = (start) => names.filter((name) => name.startsWith(start))
    .sort((a, b) => statSync(join(service.folder, "cache", encodeURIComponent(b))).mtimeMs - statSync(join(service.folder, "cache", encodeURIComponent(a))).mtimeMs)[0];
  const found = names.includes(key) ? key : listed(more).map(newest).find(Boolean);
  if (found) {
    listed(path).forEach((path, at) => {
      const from = join(service.folder, "cache", encodeURIComponent(found), String(at));
      if (existsSync(from)) cpSync(from, place(machine, path), { recursive: true });
    });
  }
  return { outputs: { "cache-hit": String(found === key), "cache-matched-key": found ?? "", "cache-primary-key": key } };
}

function save(service, machine, { key, path }) {
  const folder = join(service.folder, "cache", encodeURIComponent(key));
  // A cache under a key is never written a second time.
  if (existsSync(folder)) return {};
  listed(path).forEach((path, at) => {
    if (existsSync(place(machine, path))) cpSync(place(machine, path), join(folder, String(at)), { recursive: true });
  });
  return {};
}

function upload(service, machine, given) {
  const { name = "artifact", path, "if-no-files-found": none = "warn" } = given;
  const folder = join(service.folder, "artifacts", name);
  rmSync(folder, { recursive: true, force: true });
  const patterns = listed(path);
  const [takes, leaves] = [patterns.filter((path) => !path.startsWith("!")), patterns.filter((path) => path.startsWith("!"))];
  // Paths of one folder lose it, as the service has it; dot files stay behind.
  const root = takes.length === 1 && !/[*]/.test(takes[0]) && statSync(place(machine, takes[0]), { throwIfNoEntry: false })?.isDirectory()
    ? place(machine, takes[0]) : machine.workspace;
  const hidden = (path) => given["include-hidden-files"] !== "true" && /(^|\/)\./.test(path);
  const chosen = files(machine.workspace).filter((path) => !hidden(path) && takes.some((pattern) => means(pattern.replace(/\/$/, ""), path))
    && !leaves.some((pattern) => means(pattern.slice(1), path)));
  if (!chosen.length && none === "error") return { status: 1 };
  for (const path of chosen) {
    const to = join(folder, relative(root, join(machine.workspace, path)));
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(machine.workspace, path), to);
  }
  return {};
}

function download(service, machine, { name, pattern, path = ".", "merge-multiple": merge }) {
  const all = readdirSync(join(service.folder, "artifacts"));
  const chosen = all.filter((one) => (name ? one === name : means(pattern ?? "*", one)));
  if (name && !chosen.length) return { status: 1 };
  for (const one of chosen) {
    const to = name || merge === "true" ? place(machine, path) : join(place(machine, path), one);
    cpSync(join(service.folder, "artifacts", one), to, { recursive: true });
  }
  return {};
}

/** What the service's own actions do, as far as films need it. */
const STAND_INS = {
  "actions/checkout": (service, machine) => {
    cpSync(service.repository, machine.workspace, { recursive: true });
    return {};
  },
  "actions/cache": (service, machine, given) => {
    const restored = restore(service, machine, given);
    machine.after.push(() => machine.failed || save(service, machine, given));
    return restored;
  },
  "actions/cache/restore": restore,
  "actions/cache/save": save,
  "actions/upload-artifact": upload,
  "actions/download-artifact": download,
};
