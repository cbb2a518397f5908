// Looks at the page of `runner diff` as a person does: with a browser, from a
// folder, offline.
//
//   node tests/diff/look.mjs RUNNER MODULES [PICTURES]
//
// RUNNER is the program, MODULES a folder with playwright-core in node_modules,
// PICTURES a folder for screenshots. How far the videos are apart is printed.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [runner, modules, pictures] = process.argv.slice(2).map((path) => resolve(path));
const { chromium } = createRequire(join(modules, "/"))("playwright-core");
const HERE = dirname(fileURLToPath(import.meta.url));
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const DESKTOP = { width: 1360, height: 900 };
const PHONE = { width: 360, height: 740 };
const stage = mkdtempSync(join(tmpdir(), "diff-"));
if (pictures) mkdirSync(pictures, { recursive: true });

function run(...args) {
  const { status, stdout, stderr } = spawnSync(runner, args, { cwd: stage, encoding: "utf8" });
  return { status, stdout, stderr };
}

function apply(film, ...more) {
  const { status, stderr } = run("apply", film, "--simulate", "--clips", "tiny", "--time-scale", "20000", "--progress", "none", ...more);
  assert.ok([0, 100].includes(status), stderr);
}

/** Opens a page and watches it: nothing may be said on the console or asked of a network. */
async function open(browser, name, options = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => wrong.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("request", (request) => /^(file|data|blob):/.test(request.url()) || wrong.push(`asked for ${request.url()}`));
  page.on("dialog", (dialog) => { wrong.push(`alert: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(pathToFileURL(join(stage, name)).href + (options.hash ?? ""));
  const close = async () => { assert.deepEqual(wrong, []); await context.close(); };
  const ids = () => page.locator(".change:visible .id").allTextContents();
  const picture = async (file, full = false) => pictures && page.screenshot({ path: join(pictures, `${file}.png`), fullPage: full });
  const is = (what, argument) => page.waitForFunction(what, argument, { timeout: 20_000 });
  const times = () => page.evaluate(() => ["video-a", "video-b"].map((id) => document.getElementById(id).currentTime));
  return { page, close, ids, picture, is, times };
}

const READY = () => ["video-a", "video-b"].every((id) => document.getElementById(id).readyState >= 2);
const STILL = () => ["video-a", "video-b"].every((id) => { const v = document.getElementById(id); return v.paused && !v.seeking; });
/** The frame on the clock, from 1. */
const frame = async (look) => Number((await look.page.locator("#clock").textContent()).match(/frame (\d+)/)[1]);

async function inStep(look, most) {
  await look.is(STILL);
  const [a, b] = await look.times();
  assert.ok(Math.abs(a - b) <= most, `${a} and ${b} are apart`);
  return a;
}

const tests = {
  async "cards say what differs, word by word, and show both stills"(browser) {
    const look = await open(browser, "diff.html");
    assert.deepEqual(await look.ids(), ["opening", "镜头", "gone", "shorter", "failing", "new"]);
    assert.match(await look.page.locator("#verdict").textContent(), /^1 added, 1 removed, 4 changed/);
    const card = look.page.locator(".change").first();
    assert.deepEqual(await card.locator(".words del").allTextContents(), ["red"]);
    assert.deepEqual(await card.locator(".words ins").allTextContents(), ["blue"]);
    assert.deepEqual(await look.page.locator(".change:nth-child(2) ins").allTextContents(), ["狗"]);
    await look.is(() => document.querySelectorAll(".change .still img").length === 9);
    assert.match(await look.page.locator(".change:nth-child(5) .half.after").textContent(), /\S/);
    assert.match(await look.page.locator(".change:nth-child(4) .facts-list").first().textContent(), /video length.*10\.\d+ s → 6\.\d+ s/);
    await look.picture("list-light", true);
    await look.close();
  },

  async "both videos play in step"(browser) {
    const look = await open(browser, "diff.html", { hash: "#shot=opening" });
    await look.is(READY);
    assert.equal(await look.page.evaluate(() => document.activeElement.id), "play");
    await look.page.keyboard.press("Space");
    // The key is the button's own, so it is pressed once.
    await look.is(() => ["video-a", "video-b"].every((id) => document.getElementById(id).currentTime > 1));
    const apart = await look.page.evaluate(async () => {
      const [a, b] = ["video-a", "video-b"].map((id) => document.getElementById(id));
      const seen = [];
      while (seen.length < 60) {
        await new Promise(requestAnimationFrame);
        seen.push(Math.abs(a.currentTime - b.currentTime));
      }
      return seen;
    });
    console.log(`  apart while playing: at most ${(Math.max(...apart) * 1000).toFixed(0)} ms, ${((apart.reduce((a, b) => a + b) / apart.length) * 1000).toFixed(1)} ms on average`);
    assert.ok(Math.max(...apart) < 0.2, `${Math.max(...apart)}`);
    await look.picture("playing");
    await look.page.keyboard.press("Space");
    const at = await inStep(look, 0.001);
    assert.ok(at > 1 && at < 6, `${at}`);
    await look.close();
  },

  async "seeking and stepping move both to the same frame"(browser) {
    const look = await open(browser, "diff.html", { hash: "#shot=opening" });
    const { page } = look;
    await look.is(READY);
    await page.locator("#seek").fill("60");
    assert.ok(Math.abs((await inStep(look, 0.001)) - 60.5 / 24) < 0.002);
    assert.equal(await frame(look), 61);
    for (const [press, wanted] of [["ArrowRight", 62], [".", 63], ["ArrowLeft", 62], [",", 61], ["Shift+ArrowRight", 85], ["Shift+ArrowLeft", 61], ["Home", 1], ["ArrowLeft", 1]]) {
      await page.locator("#play").focus();
      await page.keyboard.press(press);
      assert.equal(await frame(look), wanted, press);
      await inStep(look, 0.001);
    }
    await page.click("#forward");
    assert.equal(await frame(look), 2);
    await page.click("#back");
    assert.equal(await frame(look), 1);
    const box = await page.locator("#seek").boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    assert.ok(Math.abs((await inStep(look, 0.001)) - 3) < 0.2);
    await look.close();
  },

  async "the longer of two videos leads, and the other waits at its end"(browser) {
    const look = await open(browser, "diff.html", { hash: "#shot=shorter" });
    const { page } = look;
    await look.is(READY);
    assert.match(await page.locator("#clock").textContent(), /\/ 0:10/);
    await page.locator("#seek").fill("200");
    await look.is(STILL);
    const [a, b] = await look.times();
    assert.ok(Math.abs(a - 200.5 / 24) < 0.002, `${a}`);
    assert.ok(b > 5.9 && b <= 6.01, `${b}`);
    await page.locator("#seek").fill("100");
    await inStep(look, 0.001);
    await page.locator("#seek").fill("225");
    await page.click("#play");
    await look.is(() => document.getElementById("play").textContent === "Play");
    assert.ok((await look.times())[0] > 9.8);
    // Played again, it begins at the beginning.
    await page.click("#play");
    await look.is(() => { const [a, b] = ["video-a", "video-b"].map((id) => document.getElementById(id)); return !a.paused && !b.paused && a.currentTime > 0.3 && a.currentTime < 5; });
    await page.click("#play");
    await inStep(look, 0.001);
    await look.close();
  },

  async "the slider wipes one over the other, by mouse and by keys"(browser) {
    const look = await open(browser, "diff.html", { hash: "#shot=opening" });
    const { page } = look;
    await look.is(READY);
    await page.keyboard.press("2");
    const box = await page.locator("#stage").boundingBox();
    const clip = () => page.locator("#video-b").evaluate((video) => getComputedStyle(video).clipPath);
    const now = async () => Number(await page.locator("#wipe").getAttribute("aria-valuenow"));
    assert.equal(await now(), 50);
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    assert.equal(await now(), 25);
    assert.equal(await clip(), "inset(0px 0px 0px 25%)");
    await page.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2);
    assert.equal(await now(), 25, "a mouse that is not pressed moves nothing");
    assert.equal(await page.evaluate(() => document.activeElement.id), "wipe");
    for (const [press, wanted] of [["ArrowRight", 27], ["ArrowLeft", 25], ["Shift+ArrowRight", 35], ["End", 100], ["Home", 0], ["]", 5], ["[", 0]]) {
      await page.keyboard.press(press);
      assert.equal(await now(), wanted, press);
    }
    assert.equal(await frame(look), 1, "keys of the slider step no frame");
    await page.mouse.click(box.x + box.width * 0.6, box.y + box.height * 0.3);
    assert.equal(await now(), 60);
    // What is on the left of the border is from before, what is on the right from after.
    await page.locator("#seek").fill("30");
    await inStep(look, 0.001);
    await look.picture("slider");
    await page.keyboard.press("3");
    assert.equal(await page.locator("#figure-b").evaluate((side) => getComputedStyle(side).mixBlendMode), "difference");
    await look.picture("difference");
    await page.keyboard.press("1");
    await look.picture("beside");
    await look.close();
  },

  async "keys go through all of it"(browser) {
    const look = await open(browser, "diff.html");
    const { page } = look;
    const name = () => page.locator("#compare-name").textContent();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    assert.equal(await name(), "镜头");
    await page.keyboard.press("k");
    assert.equal(await name(), "opening");
    await page.keyboard.press("m");
    assert.equal(await page.locator("#sound").textContent(), "Sound: before");
    assert.deepEqual(await page.evaluate(() => ["video-a", "video-b"].map((id) => document.getElementById(id).muted)), [false, true]);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    assert.equal(await name(), "gone");
    assert.equal(await page.locator("#figure-b .no-video").textContent(), "not there any more");
    assert.equal(await page.locator(".modes").isVisible(), false);
    await look.picture("removed");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#compare").isVisible(), false);
    await look.is(() => document.activeElement?.closest(".change")?.dataset.id === "gone");
    assert.ok(!page.url().includes("shot="));
    await page.keyboard.press("?");
    assert.ok(await page.locator("#help").isVisible());
    await page.keyboard.press("Escape");
    await look.close();
  },

  async "the filter and the search narrow, and stand in the address"(browser) {
    const look = await open(browser, "diff.html");
    const { page } = look;
    await page.click('[data-kind="outcome"]');
    assert.deepEqual(await look.ids(), ["failing"]);
    await page.click('[data-kind="added"]');
    assert.deepEqual(await look.ids(), ["failing", "new"]);
    assert.equal(await page.locator("#found").textContent(), "2 of 6 shots");
    const address = page.url();
    await page.click("#clear");
    await page.keyboard.press("/");
    await page.keyboard.type("狗");
    assert.deepEqual(await look.ids(), ["镜头"]);
    await page.fill("#search", "nowhere");
    assert.ok(await page.locator("#none").isVisible());
    await page.goto("about:blank");
    await page.goto(address);
    assert.deepEqual(await look.ids(), ["failing", "new"]);
    await look.close();
  },

  async "light and dark, and words that can be read on both"(browser) {
    for (const colorScheme of ["light", "dark"]) {
      const look = await open(browser, "diff.html", { colorScheme });
      assert.deepEqual(await look.page.evaluate(contrasts), [], colorScheme);
      await look.picture(`list-${colorScheme}`, true);
      await look.page.evaluate(() => (location.hash = "#shot=opening"));
      await look.is(READY);
      assert.deepEqual(await look.page.evaluate(contrasts), [], colorScheme);
      await look.picture(`compare-${colorScheme}`);
      await look.close();
    }
  },

  async "everything has a name"(browser) {
    const look = await open(browser, "diff.html", { hash: "#shot=opening" });
    const nameless = () => look.page.evaluate(() => [...document.querySelectorAll("button, a, input, video, [role=slider], dialog[open]")]
      .filter((one) => one.checkVisibility() && one.tabIndex >= 0)
      .filter((one) => !(one.innerText?.trim() || one.getAttribute("aria-label") || one.getAttribute("aria-labelledby")))
      .map((one) => one.outerHTML.slice(0, 90)));
    assert.deepEqual(await nameless(), []);
    await look.page.keyboard.press("2");
    assert.deepEqual(await nameless(), []);
    await look.page.keyboard.press("Escape");
    assert.deepEqual(await nameless(), []);
    await look.close();
  },

  async "a phone shows all of it without scrolling sideways"(browser) {
    const look = await open(browser, "diff.html", { viewport: PHONE, hasTouch: true, isMobile: true });
    const wide = () => look.page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector("dialog[open]")?.scrollWidth ?? 0));
    assert.equal(await wide(), PHONE.width);
    await look.picture("phone");
    await look.page.evaluate(() => (location.hash = "#shot=opening"));
    await look.is(READY);
    assert.equal(await wide(), PHONE.width);
    await look.picture("phone-compare");
    await look.close();
  },

  async "a video that is gone is said to be, and the other plays"(browser) {
    const context = await browser.newContext({ viewport: DESKTOP });
    const page = await context.newPage();
    renameSync(join(stage, "b", "opening.mp4"), join(stage, "b", "away.mp4"));
    await page.goto(pathToFileURL(join(stage, "diff.html")).href + "#shot=opening");
    await page.waitForFunction(() => /not beside this page/.test(document.querySelector("#figure-b .no-video").textContent));
    await page.click("#play");
    await page.waitForFunction(() => document.getElementById("video-a").currentTime > 0.5);
    await context.close();
    renameSync(join(stage, "b", "away.mp4"), join(stage, "b", "opening.mp4"));
  },

  async "two runs of one folder are compared, each with its own take"(browser) {
    const look = await open(browser, "runs.html", { hash: "#shot=opening" });
    await look.is(READY);
    const sources = await look.page.evaluate(() => ["video-a", "video-b"].map((id) => decodeURIComponent(document.getElementById(id).src)));
    assert.match(sources[0], /\/c\/takes\/opening\.[0-9a-f]{8}\.mp4$/);
    assert.match(sources[1], /\/c\/opening\.mp4$/);
    await look.close();
  },

  async "a folder of any name, and a page in Chinese"(browser) {
    const look = await open(browser, "pages/zh.html", { hash: "#shot=opening" });
    await look.is(READY);
    assert.equal(await look.page.locator("html").getAttribute("lang"), "zh-Hans");
    assert.equal(await look.page.locator("#figure-a figcaption").textContent(), "之前");
    await look.picture("chinese");
    await look.close();
  },

  async "a page without a difference says so"(browser) {
    const look = await open(browser, "same.html");
    assert.match(await look.page.locator("#verdict").textContent(), /^nothing differs/);
    assert.equal(await look.page.locator("#none").textContent(), "No shot differs.");
    await look.picture("same");
    await look.close();
  },

  async "texts from outside are texts, and ten thousand shots are a page"(browser) {
    const evil = `"><img src=x onerror=alert(1)></script><script>alert(2)</script>\u2028{{data}}`;
    variant("hostile.html", (data) => {
      const first = data.diff.shots[0];
      Object.assign(first, { id: evil, was: evil, fate: [evil] });
      first.changes = [{ group: "prompt", label: evil, old: evil, new: evil, counts: true, words: [{ gone: evil, came: evil }] }];
      first.before.video = { ...first.before.video, address: "javascript:alert(3)" };
      data.diff.verdict = evil;
      data.diff.before.name = evil;
    });
    const context = await browser.newContext({ viewport: DESKTOP });
    const page = await context.newPage();
    const alerts = [];
    page.on("dialog", (dialog) => { alerts.push(dialog.message()); dialog.dismiss(); });
    await page.goto(pathToFileURL(join(stage, "hostile.html")).href);
    await page.locator(".change .open").first().click();
    assert.equal(await page.locator("img[src=x]").count(), 0);
    assert.deepEqual(alerts, []);
    await context.close();
    variant("many.html", (data) => {
      const shots = data.diff.shots;
      data.diff.shots = Array.from({ length: 10_000 }, (_, i) => ({ ...shots[i % shots.length], id: `shot-${i}` }));
    });
    const began = performance.now();
    const look = await open(browser, "many.html");
    console.log(`  ten thousand shots opened in ${(performance.now() - began).toFixed(0)} ms`);
    assert.equal((await look.page.locator(".change").count()), 200);
    await look.page.click("#more");
    assert.equal((await look.page.locator(".change").count()), 400);
    await look.page.fill("#search", "shot-9999");
    assert.deepEqual(await look.ids(), ["shot-9999"]);
    await look.close();
  },
};

/** A page like `diff.html`, of other data, beside the same videos. */
function variant(name, change) {
  const page = readFileSync(join(stage, "diff.html"), "utf8");
  const open = 'id="data">';
  const start = page.indexOf(open) + open.length;
  const end = page.indexOf("</script", start);
  const data = JSON.parse(page.slice(start, end));
  change(data);
  const text = JSON.stringify(data).replace(/[<>&\u2028\u2029]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  writeFileSync(join(stage, name), page.slice(0, start) + text + page.slice(end));
}

/** Texts whose contrast to what is under them is below AA; run in the page. */
function contrasts() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const under = (element) => {
    for (let one = element; one; one = one.parentElement) {
      // On a picture a text has its own shade.
      if (one.closest(".pair-stage")) return null;
      const colour = rgba(getComputedStyle(one).backgroundColor);
      if (colour[3] > 230) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  const texts = document.createTreeWalker(document.querySelector("dialog[open]") ?? document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !element.checkVisibility({ visibilityProperty: true }) || element.closest("script, style, button:disabled")) continue;
    const ground = under(element);
    if (!ground) continue;
    const [one, other] = [light(rgba(getComputedStyle(element).color)), light(ground)].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < 4.5) low.push(`${ratio.toFixed(2)} ${texts.currentNode.textContent.trim().slice(0, 40)}`);
  }
  return low;
}

function setUp() {
  cpSync(join(HERE, "before.yaml"), join(stage, "film.yaml"));
  cpSync(join(HERE, "trouble.yaml"), join(stage, "trouble.yaml"));
  apply("film.yaml", "--out", "a");
  cpSync(join(HERE, "after.yaml"), join(stage, "film.yaml"));
  apply("film.yaml", "--out", "b", "--scenario", "trouble.yaml");
  const html = (name, ...args) => {
    const { status, stderr } = run("diff", ...args, "--format", "html", "-o", name);
    assert.ok([0, 1].includes(status), stderr);
  };
  html("diff.html", "a", "b");
  html("same.html", "a", "a");
  mkdirSync(join(stage, "pages"));
  cpSync(join(stage, "b"), join(stage, "100% b #2"), { recursive: true });
  html("pages/zh.html", "a", "100% b #2", "--lang", "zh");
  // Another take gets the name, and the first one is kept beside it.
  cpSync(join(stage, "a"), join(stage, "c"), { recursive: true });
  apply("film.yaml", "--out", "c", "--only", "opening");
  html("runs.html", "c@previous", "c@latest");
}

const wanted = process.env.ONLY ?? "";
try {
  setUp();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    if (!name.includes(wanted)) continue;
    try {
      await test(browser);
      console.log(`ok: ${name}`);
    } catch (error) {
      failed += 1;
      console.error(`FAILED: ${name}\n${error.stack}`);
    }
  }
  await browser.close();
  process.exitCode = failed ? 1 : 0;
} finally {
  rmSync(stage, { recursive: true, force: true });
}
