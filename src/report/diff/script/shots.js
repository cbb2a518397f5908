// The shots that differ, as cards, and which of them are shown. What is asked for
// stands in the address after the `#`, so that a link shows the same.

/** A page of cards; more are drawn when somebody asks for them. */
const PAGE_OF_CARDS = 200;

const FATES = ["added", "removed", "renamed", "moved"];

const SHOTS = DIFF.shots.map((shot, index) => ({
  ...shot,
  index,
  kinds: new Set([
    ...(shot.status === "kept" ? [] : [shot.status]),
    ...(shot.was ? ["renamed"] : []),
    ...(shot.moved ? ["moved"] : []),
    ...shot.differs.filter((group) => group !== "order"),
  ]),
  text: [shot.id, shot.was, shot.before?.prompt, shot.after?.prompt, shot.before?.why, shot.after?.why]
    .filter(Boolean).join("\n").toLocaleLowerCase(),
}));
const KINDS = [...FATES, ...DATA.groups].filter((kind) => SHOTS.some((shot) => shot.kinds.has(kind)));
const WANTED = { q: "", what: new Set(), shot: "" };
let shown = [];
let limit = PAGE_OF_CARDS;
let current = -1;

function matches(shot, but = "") {
  if (but !== "what" && WANTED.what.size && ![...WANTED.what].some((kind) => shot.kinds.has(kind))) return false;
  const terms = WANTED.q.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return terms.every((term) => shot.text.includes(term));
}

const tone = (kind) => (kind === "added" ? "made" : kind === "removed" || kind === "outcome" || kind === "checks" ? "failed" : "plain");

function badges(shot) {
  return el("p.tags", {}, [...shot.kinds].map((kind) => el(`span.badge.${tone(kind)}`, {}, title(kind))), shot.fate.length ? el("span.facts", {}, shot.fate.join(", ")) : null);
}

/** One side of a card: its still, or why there is none. */
function half(shot, side) {
  const seen = shot[side];
  const box = el(`span.half.${side}`, {});
  if (!seen) box.append(el("span.why", {}, t(side === "before" ? "not there before" : "not there any more")));
  else if (seen.video) box.append(still(seen.video.sha256, t(side === "before" ? "Before" : "After")));
  else box.append(el("span.why", {}, seen.why || t("There is no video.")));
  return box;
}

const asked = (shot) => shot.changes.find((fact) => fact.group === "prompt" && fact.words);

/** What is asked for: what changed of it, or the whole of a shot that came or went. */
function prompt(shot) {
  const changed = asked(shot);
  if (changed) return el("p.words", {}, words(changed.words));
  const text = (shot.after || shot.before).prompt;
  if (!text) return null;
  if (shot.status === "kept") return el("p.words.as-it-was", {}, text);
  return el("p.words", {}, el(shot.status === "added" ? "ins" : "del", {}, text));
}

function card(shot, place) {
  const open = el("button.open", { type: "button", "aria-label": t("Compare {id}", { id: shot.id }), tabindex: place === 0 ? "0" : "-1", onclick: () => openShot(shot) },
    el("span.halves", {}, half(shot, "before"), half(shot, "after")));
  const others = shot.changes.filter((fact) => fact !== asked(shot));
  const box = el("article.change", { "data-id": shot.id }, open,
    el("div.change-text", {}, el("h2.id", {}, shot.id), badges(shot), prompt(shot), facts(others)));
  open.addEventListener("focus", () => setCurrent(place, false));
  return box;
}

function draw() {
  shown = SHOTS.filter((shot) => matches(shot));
  $("shots").replaceChildren(...shown.slice(0, limit).map(card));
  $("more").hidden = shown.length <= limit;
  $("more").textContent = t("Show {n} more", { n: Math.min(PAGE_OF_CARDS, shown.length - limit) });
  const all = SHOTS.length;
  $("found").textContent = shown.length === all ? plural(all, "{n} shot", "{n} shots") : t("{n} of {all} shots", { n: shown.length, all });
  $("clear").hidden = !WANTED.q && !WANTED.what.size;
  $("none").hidden = shown.length > 0;
  $("none").textContent = all ? t("No shot is like that.") : t("No shot differs.");
  $("filter").hidden = all === 0;
  current = -1;
  drawKinds();
}

/** Buttons with how many there would be. */
function drawKinds() {
  const pressed = document.activeElement?.dataset?.kind;
  const buttons = KINDS.map((kind) => {
    const count = SHOTS.filter((shot) => shot.kinds.has(kind) && matches(shot, "what")).length;
    return el("button.outcome", {
      type: "button", "data-kind": kind, "aria-pressed": String(WANTED.what.has(kind)),
      onclick: () => { WANTED.what.delete(kind) || WANTED.what.add(kind); changed(); },
    }, title(kind), el("span.count", {}, String(count)));
  });
  $("kinds-of-change").replaceChildren(...buttons);
  if (pressed) $("kinds-of-change").querySelector(`[data-kind="${pressed}"]`)?.focus();
}

function changed() {
  limit = PAGE_OF_CARDS;
  writeAddress();
  draw();
}

function writeAddress() {
  const asked = new URLSearchParams();
  if (WANTED.q) asked.set("q", WANTED.q);
  if (WANTED.what.size) asked.set("what", [...WANTED.what].join(","));
  if (WANTED.shot) asked.set("shot", WANTED.shot);
  history.replaceState(null, "", "#" + asked);
}

function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  WANTED.q = asked.get("q") || "";
  WANTED.what = new Set((asked.get("what") || "").split(",").filter((kind) => KINDS.includes(kind)));
  WANTED.shot = asked.get("shot") || "";
  $("search").value = WANTED.q;
  draw();
  const shot = SHOTS.find((one) => one.id === WANTED.shot);
  if (shot) openShot(shot);
  else if ($("compare").open) $("compare").close();
}

function setCurrent(place, focus = true) {
  const buttons = $("shots").querySelectorAll(".open");
  if (!buttons[place]) return;
  buttons[current]?.setAttribute("tabindex", "-1");
  current = place;
  buttons[place].setAttribute("tabindex", "0");
  if (focus) {
    buttons[place].focus({ preventScroll: true });
    buttons[place].closest(".change").scrollIntoView({ block: "nearest" });
  }
}

const move = (by) => setCurrent(Math.min(Math.max(current + by, 0), Math.min(shown.length, limit) - 1));
