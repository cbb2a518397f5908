// Keys, and the order in which the page is put together.

const isTyping = (element) => element instanceof Element && element.matches("input[type=search]");
const isControl = (element) => element instanceof Element && element.matches("button, summary, a, input");

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || $("help").open) return;
  if ($("compare").open) return keyInCompare(event);
  if (isTyping(event.target)) {
    if (event.key === "Escape" && !WANTED.q) event.target.blur();
    else if (event.key === "Enter" || event.key === "ArrowDown") { event.preventDefault(); setCurrent(0); }
    return;
  }
  const acts = {
    "/": () => { $("search").focus(); $("search").select(); },
    "?": () => $("help").showModal(),
    j: () => move(1), k: () => move(-1), t: nextTheme,
  };
  if (!acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
}

function keyInCompare(event) {
  const second = event.shiftKey;
  const jump = (by) => (second ? seek(stage.time + by) : step(by));
  const acts = {
    ArrowLeft: () => jump(-1), ArrowRight: () => jump(1), ",": () => step(-1), ".": () => step(1),
    Home: () => seek(0), End: () => seek(stage.length),
    1: () => setMode("beside"), 2: () => stage.on.length === 2 && setMode("wipe"), 3: () => stage.on.length === 2 && setMode("difference"),
    "[": () => setWipe(stage.wipe - 5), "]": () => setWipe(stage.wipe + 5),
    j: () => another(1), k: () => another(-1), m: nextSound, t: nextTheme,
    "?": () => $("help").showModal(),
  };
  // A range steps by itself, and a button is pressed by itself.
  const inRange = event.target instanceof HTMLInputElement && event.key.startsWith("Arrow") && !second;
  if (event.key === " " && (!isControl(event.target) || event.target === $("seek"))) acts[" "] = toggle;
  if (!acts[event.key] || inRange) return;
  event.preventDefault();
  acts[event.key]();
}

function start() {
  theme(savedTheme());
  drawHead();
  setUpStage();
  readAddress();
  addEventListener("keydown", key);
  addEventListener("hashchange", readAddress);
  $("search").addEventListener("input", () => { WANTED.q = $("search").value; changed(); });
  $("clear").addEventListener("click", () => { WANTED.q = ""; WANTED.what.clear(); $("search").value = ""; changed(); });
  $("more").addEventListener("click", () => { limit += PAGE_OF_CARDS; draw(); });
  $("theme").addEventListener("click", nextTheme);
  $("help-open").addEventListener("click", () => $("help").showModal());
  $("help-close").addEventListener("click", () => $("help").close());
  for (const dialog of [$("compare"), $("help")]) dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    $("shots").focus();
  });
}

start();
