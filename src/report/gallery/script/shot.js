// One shot at large: the dialog with its player and all that is known of it.

let opened = null;

function openShot(shot) {
  endPreview();
  pauseFilm();
  const dialog = $("shot");
  opened = shot;
  dialog.replaceChildren(el("div.shot-body", {}, player(shot), details(shot)));
  if (!dialog.open) dialog.showModal();
  dialog.querySelector(".shot-body").scrollTop = 0;
  dialog.scrollTop = 0;
  dialog.querySelector(".shot-close").focus({ preventScroll: true });
  setCurrent(CARDS.findIndex((item) => item.shot === shot), false);
  if (BY_ID.get(shot.id) === shot) { WANTED.shot = shot.id; writeAddress(); }
}

function closedShot() {
  $("shot").replaceChildren();
  // The browser has gone back to where the dialog was opened from.
  setCurrent(CARDS.findIndex((item) => item.shot === opened), false);
  opened = null;
  WANTED.shot = "";
  writeAddress();
  const item = CARDS[current];
  if (item && !item.hidden) item.button.focus({ preventScroll: true });
}

/** The shot before or after, of those that are shown. */
function step(by) {
  const list = shown().map((item) => item.shot);
  const next = list[list.indexOf(opened) + by];
  if (next && list.includes(opened)) openShot(next);
}

function player(shot) {
  if (!shot.video) {
    return el(`div.player.empty.${shot.kind}`, {}, badge(shot), el("p", {}, reasonOf(shot) || t("There is no video.")));
  }
  const video = el("video", { controls: true, playsinline: true, preload: "metadata", src: address(shot.video.path), "aria-label": shot.id });
  const poster = DATA.posters[shot.video.sha256];
  if (poster) video.poster = poster.inside || address(poster.beside);
  const box = el("div.player", {}, video);
  video.addEventListener("error", () => box.append(el("p.gone", {}, t("the file is not beside this page"))), { once: true });
  if (!CALM.matches) video.play().catch(() => {});
  return box;
}

function details(shot) {
  const kicker = [shot.number ? t("{n} of {all}", { n: shot.number, all: FILM.length }) : "", shot.scene ? sceneName(shot.scene) : ""];
  return el("div.details", {},
    el("div.shot-head", {},
      el("p.kicker", {}, kicker.filter(Boolean).join(" · ")),
      el("div.shot-tools", {},
        el("button.quiet", { type: "button", "aria-label": t("The shot before"), onclick: () => step(-1) }, "←"),
        el("button.quiet", { type: "button", "aria-label": t("The shot after"), onclick: () => step(1) }, "→"),
        el("button.quiet.shot-close", { type: "button", "aria-label": t("Close"), onclick: () => $("shot").close() }, "✕"))),
    el("h2", { id: "shot-name" }, shot.id),
    el("p.tags", {}, badge(shot), (shot.tags || []).map((tag) => el("span.tag", {}, tag))),
    trouble(shot),
    checksOf(shot),
    el("p.words", {}, prompt(shot.prompt)),
    chain(shot),
    takesOf(shot),
    factsOf(shot),
    timing(shot),
    requestOf(shot),
    shot.outcome === "succeeded" ? waysOf(shot) : null);
}

/** What went wrong, and what to do. */
function trouble(shot) {
  if (shot.outcome === "succeeded") return null;
  const advice = adviceOf(shot);
  const error = shot.error;
  const code = error ? [error.class, error.code, error.trace_id && `trace ${error.trace_id}`].filter(Boolean).join(" · ") : "";
  return el(`section.trouble.${shot.kind}`, { "aria-label": t("What to do") },
    el("p.reason", {}, reasonOf(shot)),
    code ? el("p.code", {}, code) : null,
    advice ? el("p.advice", {}, advice) : null,
    waysOf(shot));
}

function waysOf(shot) {
  return shot.ways.map((way) => el("div.way", {}, el("p", {}, t(way.label)), command(way.command)));
}

function command(text) {
  const button = el("button.copy", { type: "button" }, t("Copy"));
  // Lines break between words only: `--` is no place for it.
  const code = el("code", {}, text.split(/( )/).map((word) => (word === " " ? word : el("span.word", {}, word))));
  button.addEventListener("click", async () => {
    const done = await copy(text, code);
    button.textContent = done ? t("Copied") : t("Selected");
    setTimeout(() => (button.textContent = t("Copy")), 1600);
  });
  return el("div.command", {}, code, button);
}

/** Into the clipboard; where a browser refuses, the text is at least selected. */
async function copy(text, code) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return false;
  }
}
