// The manifest's schema in a real editor: yaml-language-server over stdio.
//
//   node tests/editor/language-server.mjs RUNNER FOLDER-WITH-NODE_MODULES
//
// Every manifest of the project has no problem; mistakes are marked on their
// line; completion offers models, resolutions and camera commands; hovering over
// a key explains it. Ends with 1 at the first thing that is not so.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [runner, modules] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "runner-editor-"));
const schema = join(folder, "manifest.schema.json");
writeFileSync(schema, execFileSync(resolve(runner), ["schema", "manifest"]));

const server = spawn(
  process.execPath,
  [join(resolve(modules), "node_modules/yaml-language-server/bin/yaml-language-server"), "--stdio"],
  { stdio: ["pipe", "pipe", "inherit"] },
);

const settings = {
  yaml: {
    schemas: { [pathToFileURL(schema).href]: "*" },
    validate: true,
    completion: true,
    hover: true,
    schemaStore: { enable: false },
  },
};
const answers = new Map();
const problems = new Map();
let last = 0;

function send(message) {
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  server.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
  server.stdin.write(body);
}

function ask(method, params) {
  const id = ++last;
  send({ id, method, params });
  return new Promise((resolve, reject) => answers.set(id, { resolve, reject }));
}

function receive(message) {
  if (message.method === "workspace/configuration") {
    const result = message.params.items.map((item) => settings[item.section] ?? null);
    send({ id: message.id, result });
  } else if (message.method === "textDocument/publishDiagnostics") {
    const { uri, diagnostics } = message.params;
    problems.get(uri)?.(diagnostics);
  } else if (message.id !== undefined && message.method) {
    send({ id: message.id, result: null });
  } else if (answers.has(message.id)) {
    const { resolve, reject } = answers.get(message.id);
    answers.delete(message.id);
    message.error ? reject(new Error(message.error.message)) : resolve(message.result);
  }
}

let buffer = Buffer.alloc(0);
server.stdout.on("data", (chunk) => {
  buffer = Buffer.concat([buffer, chunk]);
  for (;;) {
    const end = buffer.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/Content-Length: (\d+)/i.exec(buffer.subarray(0, end))[1]);
    if (buffer.length < end + 4 + length) return;
    const body = buffer.subarray(end + 4, end + 4 + length);
    buffer = buffer.subarray(end + 4 + length);
    receive(JSON.parse(body));
  }
});

let files = 0;

// Opens a text and waits for what the server finds in it. It publishes once more
// when it knows the schema, so the last word is that of a second opening.
async function open(text) {
  const uri = pathToFileURL(join(folder, `text-${++files}.yaml`)).href;
  const found = new Promise((resolve) => problems.set(uri, resolve));
  send({
    method: "textDocument/didOpen",
    params: { textDocument: { uri, languageId: "yaml", version: 1, text } },
  });
  return { uri, diagnostics: await found };
}

// `|` in a text is the cursor; it is taken out.
function cursor(marked) {
  const at = marked.indexOf("|");
  const before = marked.slice(0, at).split("\n");
  const position = { line: before.length - 1, character: before.at(-1).length };
  return { text: marked.slice(0, at) + marked.slice(at + 1), position };
}

async function completions(marked) {
  const { text, position } = cursor(marked);
  const { uri } = await open(text);
  const list = await ask("textDocument/completion", { textDocument: { uri }, position });
  return (list.items ?? list).map((item) => item.label);
}

async function hover(marked) {
  const { text, position } = cursor(marked);
  const { uri } = await open(text);
  const told = await ask("textDocument/hover", { textDocument: { uri }, position });
  return told ? (told.contents.value ?? JSON.stringify(told.contents)) : "";
}

let checks = 0;
function hold(so, what) {
  checks += 1;
  if (!so) throw new Error(what);
}

const top = "version: 1\ndefaults:\n  model: MiniMax-Hailuo-2.3\n";
const shot = `${top}shots:\n  - id: opening\n    prompt: A fox crosses a frozen lake.\n`;

async function manifests() {
  for (const name of readdirSync("manifests").filter((name) => /\.ya?ml$/.test(name))) {
    // The schema that a first line names is not there before it is written.
    const text = readFileSync(join("manifests", name), "utf8").replace(/^# yaml-language-server.*$/m, "#");
    const { diagnostics } = await open(text);
    hold(diagnostics.length === 0, `manifests/${name}: ${JSON.stringify(diagnostics, null, 1)}`);
  }
}

// A wrong text, the line of its mistake (from 0), and words of the message.
const wrong = [
  [`${shot}    promt: again\n`, 6, /promt/],
  [`${shot}    duration: 7\n`, 6, /6|10/],
  [`${shot}    resolution: 4K\n`, 6, /768P/],
  [`${shot}    model: Hailuo\n`, 6, /MiniMax-Hailuo-2\.3/],
  [`${shot}    first_frame: { shoot: a }\n`, 6, /shoot|shot/],
  ["version: 2\nshots:\n  - id: a\n", 0, /1/],
  [`${top}shots: []\n`, 3, /.*/],
  [`${top}shots:\n  - prompt: A fox.\n`, 4, /id/],
  [`${shot}limits: { concurrency: many }\n`, 6, /integer|number/i],
  [`${shot}lints: { unused-variable: never }\n`, 6, /allow/],
];

async function mistakes() {
  for (const [text, line, words] of wrong) {
    const { diagnostics } = await open(text);
    const there = diagnostics.filter((told) => told.range.start.line === line);
    const shown = JSON.stringify(diagnostics, null, 1);
    hold(there.length > 0, `no problem in line ${line} of\n${text}\n${shown}`);
    hold(there.some((told) => words.test(told.message)), `${words} is not said of\n${text}\n${shown}`);
  }
}

// Where the cursor is, and what has to be among what is offered.
const offered = [
  [`${shot}    model: |`, ["MiniMax-Hailuo-2.3", "MiniMax-Hailuo-02", "S2V-01"]],
  [`${shot}    resolution: |`, ["768P", "1080P"]],
  [`${shot}    duration: |`, ["6", "10"]],
  [`${shot}    camera: |`, ["Push in", "推进"]],
  [`${shot}    camera:\n      - |`, ["Push in", "Static shot", "推进", "固定"]],
  [`${shot}    |`, ["camera", "first_frame", "last_frame", "matrix", "model", "subject"]],
  [`${shot}lints:\n  |`, ["unused-variable", "prompt-optimizer"]],
  [`${shot}lints:\n  unused-variable: |`, ["allow", "warn", "deny"]],
  [`${top}shots:\n  |`, ["shot"]],
  [`${shot}|`, ["limits", "output", "vars", "backend"]],
  [`version: 1\nlimits:\n  |`, ["max_cost", "deadline"]],
];

async function completion() {
  for (const [text, wanted] of offered) {
    const labels = await completions(text);
    const missing = wanted.filter((label) => !labels.includes(label));
    hold(missing.length === 0, `${missing} is not offered in\n${text}\nbut ${labels.join(", ")}`);
  }
}

const explained = [
  [`${shot}    res|olution: 768P\n`, /resolution|height/i],
  [`${shot}    cam|era: push in\n`, /Camera commands/],
  [`${shot}    prompt_opt|imizer: false\n`, /rewrite/],
  [`${shot}lints: { unused-|variable: allow }\n`, /runner explain unused-variable/],
  [`${shot}limits: { dead|line: 30m }\n`, /30m/],
];

async function hovering() {
  for (const [text, words] of explained) {
    const told = await hover(text);
    hold(words.test(told), `${words} is not said of\n${text}\nbut ${told}`);
  }
}

async function main() {
  await ask("initialize", {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: {
      workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
      textDocument: {
        completion: { completionItem: { snippetSupport: true } },
        hover: { contentFormat: ["markdown"] },
        publishDiagnostics: {},
      },
    },
  });
  send({ method: "initialized", params: {} });
  send({ method: "workspace/didChangeConfiguration", params: { settings } });
  // The server reads its settings before it looks at texts that are opened later.
  await open(`${top}shots:\n  - id: a\n`);
  await manifests();
  await mistakes();
  await completion();
  await hovering();
  console.log(`the editor agrees: ${checks} checks`);
}

const late = setTimeout(() => {
  console.error("the language server did not answer in a minute");
  server.kill();
  process.exitCode = 1;
}, 60_000);
try {
  await main();
} catch (error) {
  console.error(String(error.message ?? error));
  process.exitCode = 1;
} finally {
  clearTimeout(late);
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
