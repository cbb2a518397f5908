// Keys, and the order in which the page is put together.

const isTyping = (element) => element instanceof Element && element.matches("input, select, textarea, [role=slider]");
const isControl = (element) => element instanceof Element && element.matches("button, summary, a, video, input, select");

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || $("help").open) return;
  if ($("shot").open) return keyInShot(event);
  if (isTyping(event.target)) return keyInSearch(event);
  const acts = {
    "/": () => { $("search").focus(); $("search").select(); },
    "?": () => $("help").showModal(),
    j: () => move(1), ArrowRight: () => move(1), k: () => move(-1), ArrowLeft: () => move(-1),
    ArrowDown: () => move(1, true), ArrowUp: () => move(-1, true),
    f: toggleFilm, t: nextTheme,
    Escape: () => ($("stage").hidden ? endPreview() : closeFilm()),
  };
  const onCard = CARDS[current]?.button === event.target;
  if (event.key === " " && (onCard || !isControl(event.target))) acts[" "] = onCard ? () => togglePreview(CARDS[current]) : $("stage").hidden ? null : toggleFilm;
  const act = acts[event.key];
  if (!act || (event.key.length > 1 && event.shiftKey)) return;
  event.preventDefault();
  act();
}

function keyInSearch(event) {
  if (event.target !== $("search")) return;
  if (event.key === "Escape" && !WANTED.q) event.target.blur();
  else if (event.key === "Enter" || event.key === "ArrowDown") {
    event.preventDefault();
    setCurrent(CARDS.findIndex((item) => !item.hidden));
  }
}

function keyInShot(event) {
  const video = $("shot").querySelector(".player video");
  const inVideo = event.target instanceof HTMLVideoElement;
  const acts = {
    j: () => step(1), k: () => step(-1), t: nextTheme,
    ...(inVideo ? {} : { ArrowRight: () => step(1), ArrowLeft: () => step(-1) }),
  };
  const free = !isControl(event.target) || event.target.matches(".shot-close");
  if (event.key === " " && free && video) acts[" "] = () => (video.paused ? video.play().catch(() => {}) : video.pause());
  if (!acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
}

/** A button that has just been given another meaning for Space keeps its click. */
function keyUp(event) {
  const special = event.target === CARDS[current]?.button || ($("shot").open && event.target.matches?.(".shot-close"));
  if (event.key === " " && special) event.preventDefault();
}

function onBackdrop(dialog, event) {
  if (event.target === dialog) dialog.close();
}

function start() {
  theme(savedTheme());
  drawHead();
  drawFilm();
  drawCards();
  drawSelects();
  readAddress();
  addEventListener("keydown", key);
  addEventListener("keyup", keyUp);
  addEventListener("hashchange", readAddress);
  $("search").addEventListener("input", () => { WANTED.q = $("search").value; changed(); });
  $("clear").addEventListener("click", clearFilter);
  $("theme").addEventListener("click", nextTheme);
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("help-close").addEventListener("click", () => $("help").close());
  $("shot").addEventListener("close", closedShot);
  for (const dialog of [$("shot"), $("help")]) dialog.addEventListener("click", (event) => onBackdrop(dialog, event));
  // The address after the `#` is the filter's.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    $("shots").focus();
  });
}

start();
