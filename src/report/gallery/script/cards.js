// A card for each shot, in storyboard order, grouped by scenes; the one that has
// the keyboard. Cards are made once; filtering hides them.

const CARDS = [];
const GROUPS = [];
/** What is the same of all shots is not said at each. */
const ALIKE = SHOTS.every((shot) => shot.video && shot.kind === SHOTS[0].kind);
let current = 0;

function picture(shot) {
  const box = el("span.picture", {}, el("span.number", {}, shot.number ? String(shot.number) : ""));
  if (shot.video) {
    box.prepend(still(shot.video.sha256));
    if (shot.video.height > shot.video.width) box.classList.add("tall");
  } else {
    box.classList.add("empty", shot.kind);
    box.append(el("span.why", {}, reasonOf(shot) || t(KINDS[shot.kind])));
  }
  return box;
}

function card(shot) {
  const takes = shot.takes.length > 1 ? plural(shot.takes.length, "{n} take", "{n} takes") : "";
  const facts = [t("{n} s", { n: NUMBER.format(shot.seconds) }), shot.model, shot.resolution, shot.price ? money(shot.price) : "", takes];
  const button = el("button.open", { type: "button", tabindex: "-1", "aria-haspopup": "dialog" },
    picture(shot),
    el("span.title", {}, el("span.id", {}, shot.id), ALIKE ? "" : badge(shot)));
  button.addEventListener("click", () => openShot(shot));
  button.addEventListener("focus", () => setCurrent(CARDS.indexOf(item), false));
  const item = el("li.card", { "data-index": shot.index }, button,
    el("p.prompt", {}, prompt(shot.prompt)),
    el("p.facts", {}, facts.filter(Boolean).join(" · ")));
  item.button = button;
  item.shot = shot;
  previewOf(item);
  return item;
}

function groupHead(group) {
  if (group.key === null) return el("h2", {}, t("Of earlier versions"));
  if (!group.scene) return el("h2.unseen", {}, t("Shots"));
  const seconds = group.shots.reduce((sum, shot) => sum + shot.seconds, 0);
  const facts = `${plural(group.shots.length, "{n} shot", "{n} shots")} · ${clock(seconds)}`;
  return el("h2", {}, sceneName(group.scene), el("span.group-facts", {}, facts));
}

function drawCards() {
  const fragment = document.createDocumentFragment();
  for (const group of scenes(SHOTS)) {
    const list = el("ul.grid", { role: "list" });
    for (const shot of group.shots) {
      const item = card(shot);
      CARDS.push(item);
      list.append(item);
    }
    const section = el("section.scene", {}, groupHead(group), list);
    GROUPS.push({ section, cards: [...list.children] });
    fragment.append(section);
  }
  $("shots").append(fragment);
  if (CARDS.length) CARDS[0].button.tabIndex = 0;
}

const shown = () => CARDS.filter((item) => !item.hidden);

/** Only one card is in the order of Tab; arrows go to the others. */
function setCurrent(index, focus = true) {
  if (index < 0 || index >= CARDS.length) return;
  CARDS[current].button.tabIndex = -1;
  current = index;
  CARDS[current].button.tabIndex = 0;
  if (focus) {
    CARDS[current].button.focus({ preventScroll: true });
    CARDS[current].scrollIntoView({ block: "nearest", behavior: CALM.matches ? "auto" : "smooth" });
  }
}

/** To the next shown card, or to the one above or below. */
function move(step, vertical) {
  const list = shown();
  const at = list.indexOf(CARDS[current]);
  const inside = $("shots").contains(document.activeElement);
  if (!list.length) return;
  if (at < 0 || !inside) return setCurrent(CARDS.indexOf(list[Math.max(at, 0)]));
  const next = vertical ? neighbour(list, at, step) : list[at + step];
  if (next) setCurrent(CARDS.indexOf(next));
}

function neighbour(list, at, step) {
  const here = list[at].getBoundingClientRect();
  let best = null;
  let row = null;
  for (let i = at + step; i >= 0 && i < list.length; i += step) {
    const box = list[i].getBoundingClientRect();
    if (Math.abs(box.top - here.top) < 4) continue;
    row ??= box.top;
    if (Math.abs(box.top - row) >= 4) break;
    const distance = Math.abs(box.left - here.left);
    if (!best || distance < best.distance) best = { item: list[i], distance };
  }
  return best?.item;
}
