// What everything else stands on: the data, words, elements, numbers, addresses.
// Text from a run becomes text nodes, never markup.

const DATA = JSON.parse(document.getElementById("data").textContent);
const REPORT = DATA.report || {};
const CALM = matchMedia("(prefers-reduced-motion: reduce)");
const HOVERS = matchMedia("(hover: hover)");

const $ = (id) => document.getElementById(id);

/** The word in the page's language, with `{name}`s filled in. */
function t(word, values = {}) {
  const text = DATA.words[word] ?? word;
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

/** A sentence of the run in the page's language. */
const say = (sentence) => (sentence && DATA.said[sentence]) || sentence || "";

/** An element with attributes and children; a child is an element or a text. */
function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** The address of a file beside the page; a name may hold anything but `/`. */
function address(path) {
  return "./" + path.split("/").map(encodeURIComponent).join("/");
}

function formatter(make) {
  try {
    return make(DATA.lang);
  } catch {
    return make("en");
  }
}

const DATE = formatter((lang) => new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" }));
const TIME = formatter((lang) => new Intl.DateTimeFormat(lang, { timeStyle: "medium" }));
const NUMBER = formatter((lang) => new Intl.NumberFormat(lang, { maximumFractionDigits: 1 }));

/** A moment in words; a report of something else may hold what is none. */
function moment(format, at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : format.format(date);
}

/** `1:05` of a place in a film. */
function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds + 0.001));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** `4.2 s`, `3 min 20 s` of a time that something took. */
function took(ms) {
  if (ms < 60000) return t("{n} s", { n: NUMBER.format(ms / 1000) });
  const seconds = Math.round(ms / 1000);
  return t("{m} min {s} s", { m: Math.floor(seconds / 60), s: seconds % 60 });
}

function bytes(count) {
  if (count < 1e6) return t("{n} kB", { n: NUMBER.format(count / 1e3) });
  return t("{n} MB", { n: NUMBER.format(count / 1e6) });
}

const money = (sum) => `${sum.amount} ${sum.currency}`;
const sums = (list) => (list || []).map(money).join(" + ");
const digest = (text) => text.slice(0, 12);

/** `one` or `many`, with the number in it. */
const plural = (n, one, many) => t(n === 1 ? one : many, { n });

/** A still of a video, which shows its mean colour until it is there. */
function still(sha256, alt = "") {
  const poster = DATA.posters[sha256];
  const box = el("span.still");
  if (!poster) return box;
  box.style.backgroundColor = poster.mean;
  const image = el("img", { alt, loading: "lazy", decoding: "async", draggable: "false" });
  image.addEventListener("error", () => image.remove());
  image.src = poster.inside || address(poster.beside);
  box.append(image);
  return box;
}
