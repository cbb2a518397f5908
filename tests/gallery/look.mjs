// Looks at report.html as a person does: with a browser, from a folder, offline.
//
//   node tests/gallery/look.mjs RUNNER MODULES [PICTURES]
//
// RUNNER is the program, MODULES a folder with playwright-core in node_modules,
// PICTURES a folder for screenshots. Figures are printed, nothing is timed.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [runner, modules, pictures] = process.argv.slice(2).map((path) => resolve(path));
const { chromium } = createRequire(join(modules, "/"))("playwright-core");
const HERE = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const DESKTOP = { width: 1360, height: 900 };
const PHONE = { width: 360, height: 740 };

const stage = mkdtempSync(join(tmpdir(), "gallery-"));
const out = join(stage, "out");

/** A run of the film; a shot of it fails, and one is never answered. */
function apply(...more) {
  const args = ["apply", "film.yaml", "--simulate", "--clips", "tiny", "--time-scale", "20000", "--scenario", "trouble.yaml",
    "--progress", "none", "--out", out, ...more];
  const { status, stderr } = spawnSync(runner, args, { cwd: stage, encoding: "utf8" });
  assert.equal(status, 103, stderr);
}

/** A page like `report.html`, of other data, beside the same videos. */
function variant(name, change) {
  const page = readFileSync(join(out, "report.html"), "utf8");
  const open = 'id="data">';
  const start = page.indexOf(open) + open.length;
  const end = page.indexOf("</script", start);
  const data = JSON.parse(page.slice(start, end));
  change(data);
  const text = JSON.stringify(data).replace(/[<>&\u2028\u2029]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  writeFileSync(join(out, name), page.slice(0, start) + text + page.slice(end));
  return name;
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
  await page.goto(pathToFileURL(join(out, name)).href + (options.hash ?? ""));
  const close = async () => { assert.deepEqual(wrong, []); await context.close(); };
  const ids = () => page.locator(".card:visible .id").allTextContents();
  const picture = async (file, full = false) => pictures && page.screenshot({ path: join(pictures, `${file}.png`), fullPage: full });
  const is = (what, argument) => page.waitForFunction(what, argument, { timeout: 20_000 });
  return { page, close, ids, picture, is };
}

const tests = {
  async "cards stand in storyboard order, with stills and every text as it is"(browser) {
    const { page, close, ids, picture } = await open(browser, "report.html");
    assert.deepEqual(await ids(), ["opening", "镜头一", "weather-rain", "weather-snow", "after", "doomed", "unanswered", "last"]);
    assert.equal(await page.title(), "film");
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    assert.deepEqual(await page.locator(".card:first-child .chip").allTextContents(), ["Push in", "Tilt up + Pan left"]);
    assert.match(await page.locator(".card:first-child .prompt").textContent(), /\[not a camera command\]\. <b>Fog<\/b> & rain/);
    assert.deepEqual(await page.locator(".card:nth-child(2) .chip").allTextContents(), ["推进"]);
    await page.waitForFunction(() => [...document.querySelectorAll(".card .still img")].length === 6);
    assert.equal(await page.locator(".total.failed dd").textContent(), "1");
    await picture("desktop-light", true);
    await close();
  },

  async "pointing at a card plays it without sound, and only that one"(browser) {
    const { page, close, is } = await open(browser, "report.html");
    const playing = () => is(() => { const v = document.querySelector(".card .preview"); return v && !v.paused && v.currentTime > 0; });
    assert.equal(await page.locator(".card video").count(), 0);
    await page.hover(".card:nth-child(1) .picture");
    await playing();
    assert.equal(await page.locator(".card video").evaluate((video) => video.muted), true);
    await page.hover(".card:nth-child(2) .picture");
    await is(() => document.querySelector(".card:nth-child(2) .preview"));
    await playing();
    assert.equal(await page.locator(".card video").count(), 1);
    await page.mouse.move(2, 2);
    await is(() => !document.querySelector(".card video"));
    await close();
  },

  async "who wants no motion gets none unasked"(browser) {
    const { page, close, is } = await open(browser, "report.html", { reducedMotion: "reduce" });
    await page.keyboard.press("j");
    await page.hover(".card:nth-child(1) .picture");
    // What would begin begins after this, because timers end in order.
    await page.evaluate(() => new Promise((done) => setTimeout(done, 400)));
    assert.equal(await page.locator(".card video").count(), 0);
    await page.keyboard.press("Space");
    await is(() => document.querySelector(".card .preview")?.currentTime > 0);
    await close();
  },

  async "a click opens the shot at large, with all that is known of it"(browser) {
    const { page, close, is, picture } = await open(browser, "report.html");
    await page.click(".card:nth-child(1) .open");
    await is(() => document.querySelector("#shot .player video")?.currentTime > 0);
    assert.equal(await page.locator("#shot-name").textContent(), "opening");
    const text = await page.locator(".details").innerText();
    for (const part of ["MiniMax-Hailuo-2.3 · T2V", "0.28 USD", "Fingerprint", "Success", "2 takes", "Goes on in after"]) assert.ok(text.includes(part), part);
    assert.match(await page.locator("#shot a").getAttribute("href"), /^\.\/shot%20%23opening%20100%25's\.mp4$/);
    assert.equal(await page.locator(".take").count(), 2);
    assert.equal(await page.locator(".take.counts").count(), 1);
    for (const take of await page.locator(".take video").all()) {
      await take.evaluate((video) => video.play());
      await is((video) => video.currentTime > 0, await take.elementHandle());
    }
    assert.match(await page.locator(".take .command code").textContent(), /^runner takes film\.yaml --simulate --out \S+ --only opening --select [0-9a-f]{8}$/);
    await picture("shot-light");
    await page.click(".chain .link");
    assert.equal(await page.locator("#shot-name").textContent(), "after");
    assert.match(await page.locator(".chain").innerText(), /Starts from the last frame of opening/);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#shot").isVisible(), false);
    await close();
  },

  async "a failure says what to do, and the command can be copied"(browser) {
    const { page, close, picture } = await open(browser, "report.html", { permissions: ["clipboard-read", "clipboard-write"], colorScheme: "dark", hash: "#shot=unanswered" });
    const commands = await page.locator(".trouble code").allTextContents();
    assert.equal(commands.length, 2);
    assert.match(commands[0], /^runner resolve film\.yaml unanswered --task ID --out /);
    await page.click(".trouble .copy >> nth=1");
    await page.waitForFunction(() => document.querySelectorAll(".copy")[1].textContent !== "Copy");
    const copied = await page.evaluate(() => navigator.clipboard.readText().catch(() => String(getSelection())));
    assert.equal(copied, commands[1]);
    await page.keyboard.press("k");
    assert.equal(await page.locator("#shot-name").textContent(), "doomed");
    assert.match(await page.locator(".trouble code >> nth=0").textContent(), /--only doomed --retry failed$/);
    assert.match(await page.locator(".words").textContent(), /<\/script><script>/);
    await picture("failure-dark");
    await close();
  },

  async "the filter and the search narrow, and stand in the address"(browser) {
    const { page, close, ids } = await open(browser, "report.html");
    await page.click('[data-kind="failed"]');
    await page.click('[data-kind="uncertain"]');
    assert.deepEqual(await ids(), ["doomed", "unanswered"]);
    assert.equal(await page.locator("#found").textContent(), "2 of 8 shots");
    await page.click("#clear");
    await page.fill("#search", "SNOW roofs");
    assert.deepEqual(await ids(), ["weather-snow"]);
    await page.fill("#search", "海鸥");
    assert.deepEqual(await ids(), ["镜头一"]);
    const address = page.url();
    assert.match(address, /#q=%E6%B5%B7/);
    await page.fill("#search", "nowhere at all");
    assert.ok(await page.locator("#none").isVisible());
    await page.fill("#search", "");
    await page.selectOption("select", "MiniMax-Hailuo-02");
    assert.deepEqual(await ids(), ["last"]);
    await page.goto("about:blank");
    await page.goto(address);
    assert.deepEqual(await ids(), ["镜头一"]);
    await close();
  },

  async "scenes and tags are there to group and to choose by"(browser) {
    const page = variant("scenes.html", (data) => data.report.shots.forEach((shot, i) => {
      shot.scene = i < 3 ? { id: "harbour", title: "港口, <i>at</i> night" } : i < 6 ? { id: "storm", title: null } : null;
      shot.tags = i % 2 ? ["b-roll"] : ["night"];
    }));
    const look = await open(browser, page);
    assert.deepEqual(await look.page.locator(".scene h2").allTextContents(), ["港口, <i>at</i> night3 shots · 0:22", "storm3 shots · 0:18", "Shots"]);
    await look.page.selectOption('select[aria-label="All scenes"]', "storm");
    await look.page.selectOption('select[aria-label="All tags"]', "b-roll");
    assert.deepEqual(await look.ids(), ["weather-snow", "doomed"]);
    assert.match(look.page.url(), /scene=storm&tag=b-roll/);
    await look.page.click("#clear");
    await look.picture("scenes", true);
    await look.close();
  },

  async "keys do all of it"(browser) {
    const { page, close, is } = await open(browser, "report.html");
    const focused = () => page.evaluate(() => document.activeElement.querySelector?.(".id")?.textContent);
    // A dialog that closes gives the focus back in its own time.
    const on = (name) => is((name) => document.activeElement.querySelector?.(".id")?.textContent === name, name);
    await page.keyboard.press("j");
    await on("opening");
    await page.keyboard.press("ArrowRight");
    await on("镜头一");
    await page.keyboard.press("ArrowDown");
    const columns = await page.locator(".grid").first().evaluate((grid) => getComputedStyle(grid).gridTemplateColumns.split(" ").length);
    await on(["opening", "镜头一", "weather-rain", "weather-snow", "after", "doomed", "unanswered", "last"][1 + columns]);
    await page.keyboard.press("ArrowUp");
    await on("镜头一");
    await is(() => document.querySelector(".card:nth-child(2) .preview")?.currentTime > 0);
    await page.keyboard.press("Space");
    assert.equal(await page.locator(".card video").count(), 0);
    assert.equal(await page.locator("#shot").isVisible(), false);
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("#shot-name").textContent(), "镜头一");
    await is(() => !document.querySelector(".player video").paused);
    await page.keyboard.press("Space");
    await is(() => document.querySelector(".player video").paused);
    await page.keyboard.press("ArrowLeft");
    assert.equal(await page.locator("#shot-name").textContent(), "opening");
    await page.keyboard.press("Escape");
    await on("opening");
    await page.keyboard.press("?");
    assert.ok(await page.locator("#help").isVisible());
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    await page.keyboard.type("the end");
    await page.keyboard.press("Enter");
    await on("last");
    await page.keyboard.press("Tab");
    assert.notEqual(await focused(), "last");
    await close();
  },

  async "the strip plays the film, what is missing as a card of its length"(browser) {
    const { page, close, is, picture } = await open(browser, "report.html");
    const at = (name) => is((name) => document.querySelector("#stage-name").textContent.endsWith(` ${name}`), name);
    const skip = async () => {
      await is(() => document.querySelector(".stage video.on")?.currentTime > 0);
      await page.evaluate(() => { const v = document.querySelector(".stage video.on"); v.currentTime = v.duration - 0.05; });
    };
    await page.keyboard.press("f");
    await at("opening");
    await skip();
    await at("镜头一");
    await skip();
    await at("weather-rain");
    await picture("film");
    assert.match(await page.locator("#clock").textContent(), /^0:1\d \/ 0:52$/);
    await page.click("#play");
    await is(() => document.querySelector(".stage video.on").paused);
    // The beginning of the card is at 40 of 52 seconds; it lasts until 46.
    const box = await page.locator("#strip").boundingBox();
    await page.mouse.click(box.x + (box.width * 45.2) / 52, box.y + box.height / 2);
    await at("unanswered");
    assert.ok(await page.locator("#stage-card").isVisible());
    assert.equal(await page.locator("#strip").getAttribute("aria-valuetext"), "7 / 8: unanswered");
    await page.click("#play");
    await at("last");
    assert.equal(await page.locator("#stage-card").isVisible(), false);
    await page.focus("#strip");
    await page.keyboard.press("Home");
    await at("opening");
    await page.keyboard.press("Space");
    await page.click("#stage-close");
    assert.equal(await page.locator("#stage").isVisible(), false);
    await close();
  },

  async "light and dark follow the system, until they are switched"(browser) {
    const { page, close, picture } = await open(browser, "report.html", { colorScheme: "dark" });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await paper();
    await picture("desktop-dark", true);
    await page.emulateMedia({ colorScheme: "light" });
    const light = await paper();
    assert.notEqual(light, dark);
    await page.click("#theme");
    assert.equal(await paper(), light);
    await page.keyboard.press("t");
    assert.equal(await paper(), dark);
    await page.reload();
    assert.equal(await paper(), dark);
    await close();
  },

  async "words and what they stand on differ enough"(browser) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, close } = await open(browser, "report.html", { colorScheme, reducedMotion: "reduce" });
      const low = [await page.evaluate(contrasts)];
      for (const shot of ["doomed", "unanswered", "opening"]) {
        await page.evaluate((shot) => (location.hash = `#shot=${shot}`), shot);
        await page.waitForFunction((shot) => document.querySelector("#shot-name")?.textContent === shot, shot);
        low.push(await page.evaluate(contrasts));
      }
      assert.deepEqual(low.flat(), [], colorScheme);
      await close();
    }
  },

  async "everything has a name, and there is one way through"(browser) {
    const { page, close } = await open(browser, "report.html", { hash: "#shot=opening" });
    const nameless = () => page.evaluate(() => [...document.querySelectorAll("button, a, input, select, video, [role=slider], dialog[open]")]
      .filter((one) => one.checkVisibility() && !one.closest("[aria-hidden=true]") && one.tabIndex >= 0)
      .filter((one) => !(one.innerText?.trim() || one.getAttribute("aria-label") || one.getAttribute("aria-labelledby")))
      .map((one) => one.outerHTML.slice(0, 90)));
    assert.deepEqual(await nameless(), []);
    await page.keyboard.press("Escape");
    assert.deepEqual(await nameless(), []);
    for (const landmark of ["header", "main", "search", "footer", "h1"]) assert.equal(await page.locator(`body ${landmark}`).count(), 1, landmark);
    assert.equal(await page.locator('.card .open[tabindex="0"]').count(), 1);
    await page.keyboard.press("/");
    await page.keyboard.press("Shift+Tab");
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(ring, "solid");
    await close();
  },

  async "a phone shows all of it without scrolling sideways"(browser) {
    const { page, close, picture } = await open(browser, "report.html", { viewport: PHONE, hasTouch: true, isMobile: true });
    const wide = () => page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector("dialog[open] .shot-body")?.scrollWidth ?? 0));
    assert.equal(await wide(), PHONE.width);
    await picture("phone");
    for (const shot of ["opening", "unanswered"]) {
      await page.evaluate((shot) => (location.hash = `#shot=${shot}`), shot);
      await page.waitForFunction((shot) => document.querySelector("#shot-name")?.textContent === shot, shot);
      assert.equal(await wide(), PHONE.width);
      await picture(`phone-${shot}`);
    }
    await close();
  },

  async "a video that is gone is said to be"(browser) {
    const page = variant("gone.html", (data) => (data.report.shots[0].video.path = "not there.mp4"));
    const context = await browser.newContext({ viewport: DESKTOP });
    const tab = await context.newPage();
    await tab.goto(pathToFileURL(join(out, page)).href);
    await tab.hover(".card:nth-child(1) .picture");
    await tab.waitForSelector(".card .gone");
    await tab.click(".card:nth-child(1) .open");
    await tab.waitForSelector(".player .gone");
    await context.close();
  },

  async "texts from outside are texts"(browser) {
    const evil = `"><img src=x onerror=alert(1)></script><script>alert(2)</script>\u2028{{data}}`;
    const page = variant("hostile.html", (data) => {
      const first = data.report.shots[0];
      Object.assign(first, { id: evil, prompt: evil, model: evil, tags: [evil], scene: { id: evil, title: evil }, task_id: evil, reason: evil });
      Object.assign(data.report.shots[5], { error: { class: evil, message: evil, advice: evil, trace_id: evil }, outcome_reason: { code: evil, message: evil, advice: evil } });
      first.request = { [evil]: evil };
      first.run.statuses = [{ status: evil, at: "nonsense" }];
      data.report.stopped = { message: evil, advice: evil };
      data.report.manifest = evil;
    });
    const look = await open(browser, page);
    assert.equal((await look.ids())[0], evil);
    for (const card of [1, 6]) {
      await look.page.locator(".card").nth(card - 1).locator(".open").click();
      await look.page.locator("#shot-name").waitFor();
      await look.page.keyboard.press("Escape");
    }
    assert.equal(await look.page.locator("img[src=x]").count(), 0);
    await look.close();
  },

  async "five hundred shots"(browser) {
    const page = variant("many.html", (data) => {
      const shots = data.report.shots;
      data.report.shots = Array.from({ length: 500 }, (_, i) => ({ ...shots[i % shots.length], id: `shot-${i}`, scene: { id: `s${Math.floor(i / 25)}`, title: `Scene ${Math.floor(i / 25) + 1}` } }));
      data.ways = data.report.shots.map((_, i) => data.ways[i % shots.length]);
    });
    const began = performance.now();
    const look = await open(browser, page);
    const opened = performance.now() - began;
    assert.equal(await look.page.locator(".card").count(), 500);
    assert.equal(await look.page.locator("video").count(), 2);
    const search = await look.page.evaluate(() => {
      const began = performance.now();
      const field = document.getElementById("search");
      field.value = "shot-49";
      field.dispatchEvent(new Event("input"));
      document.body.offsetHeight;
      return performance.now() - began;
    });
    assert.equal((await look.ids()).length, 11);
    await look.page.fill("#search", "");
    await look.picture("many");
    await look.page.evaluate(() => scrollTo(0, document.body.scrollHeight / 2));
    await look.picture("many-middle");
    console.log(`  opened in ${opened.toFixed(0)} ms, searched and laid out in ${search.toFixed(0)} ms`);
    await look.close();
  },

  async "on paper"(browser) {
    const { page, close } = await open(browser, "report.html");
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".filter").isVisible(), false);
    assert.equal(await page.locator(".card").last().isVisible(), true);
    if (pictures) await page.pdf({ path: join(pictures, "print.pdf"), format: "A4", printBackground: true });
    await close();
  },
};

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
      const colour = rgba(getComputedStyle(one).backgroundColor);
      if (colour[3] > 230) return colour;
      // What lies on a picture has its own shade.
      if (colour[3] > 0 && one.closest(".picture, .stage")) return null;
    }
    return [255, 255, 255];
  };
  const low = [];
  const dialog = document.querySelector("dialog[open]");
  const texts = document.createTreeWalker(dialog ?? document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.matches("script, style, option")) continue;
    const style = getComputedStyle(element);
    const back = under(element);
    if (!back) continue;
    const [a, b] = [light(rgba(style.color)), light(back)].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) low.push(`${ratio.toFixed(2)}: ${texts.currentNode.data.slice(0, 40)} (${element.className})`);
  }
  return low;
}

let failed = 0;
try {
  for (const file of ["film.yaml", "trouble.yaml"]) copyFileSync(join(HERE, file), join(stage, file));
  apply();
  apply("--force", "opening", "--seed", "7");
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
  console.log(execFileSync("/usr/bin/chromium", ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim());
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test(browser);
      console.log(`ok ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${name}\n${error.stack}`);
    }
  }
  await browser.close();
} finally {
  rmSync(stage, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
