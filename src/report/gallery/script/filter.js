// Which shots are shown. What is asked for stands in the address after the `#`,
// so that a link shows the same; nothing of it is sent anywhere.

const WANTED = { q: "", outcome: new Set(), scene: "", tag: "", model: "", shot: "" };
const CHOICES = {};

function matches(shot, but = "") {
  if (but !== "outcome" && WANTED.outcome.size && !WANTED.outcome.has(shot.kind)) return false;
  if (WANTED.scene && shot.scene?.id !== WANTED.scene) return false;
  if (WANTED.tag && !(shot.tags || []).includes(WANTED.tag)) return false;
  if (WANTED.model && shot.model !== WANTED.model) return false;
  const terms = WANTED.q.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return terms.every((term) => shot.words.includes(term));
}

function applyFilter() {
  endPreview();
  let count = 0;
  for (const item of CARDS) {
    item.hidden = !matches(item.shot);
    if (!item.hidden) count += 1;
  }
  for (const group of GROUPS) group.section.hidden = group.cards.every((item) => item.hidden);
  if (CARDS[current]?.hidden) setCurrent(CARDS.findIndex((item) => !item.hidden), false);
  const all = SHOTS.length;
  $("found").textContent = count === all ? plural(all, "{n} shot", "{n} shots") : t("{n} of {all} shots", { n: count, all });
  $("clear").hidden = count === all && !isAsked();
  $("none").hidden = count > 0;
  drawOutcomes();
}

const isAsked = () => Boolean(WANTED.q || WANTED.outcome.size || WANTED.scene || WANTED.tag || WANTED.model);

/** Buttons with how many there would be. */
function drawOutcomes() {
  const pressed = document.activeElement?.dataset?.kind;
  const buttons = Object.keys(KINDS)
    .filter((kind) => SHOTS.some((shot) => shot.kind === kind))
    .map((kind) => {
      const count = SHOTS.filter((shot) => shot.kind === kind && matches(shot, "outcome")).length;
      return el(`button.outcome.${kind}`, {
        type: "button", "data-kind": kind, "aria-pressed": String(WANTED.outcome.has(kind)),
        onclick: () => { WANTED.outcome.delete(kind) || WANTED.outcome.add(kind); changed(); },
      }, t(KINDS[kind]), el("span.count", {}, String(count)));
    });
  $("outcomes").replaceChildren(...(buttons.length > 1 || WANTED.outcome.size ? buttons : []));
  if (pressed) $("outcomes").querySelector(`[data-kind="${pressed}"]`)?.focus();
}

function drawSelects() {
  const unique = (values) => [...new Set(values)];
  const titles = new Map(SHOTS.filter((shot) => shot.scene).map((shot) => [shot.scene.id, sceneName(shot.scene)]));
  choice("scene", t("All scenes"), [...titles]);
  choice("tag", t("All tags"), unique(SHOTS.flatMap((shot) => shot.tags || [])).map((tag) => [tag, tag]));
  choice("model", t("All models"), unique(SHOTS.map((shot) => shot.model)).map((model) => [model, model]));
}

function choice(name, all, options) {
  // One tag is worth asking for; one model or one scene says nothing.
  if (options.length < (name === "tag" ? 1 : 2)) return;
  const select = el("select", { "aria-label": all, onchange: () => { WANTED[name] = select.value; changed(); } },
    el("option", { value: "" }, all), options.map(([value, text]) => el("option", { value }, text)));
  CHOICES[name] = select;
  $("selects").append(select);
}

function changed() {
  applyFilter();
  writeAddress();
}

function writeAddress() {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(WANTED)) {
    const text = value instanceof Set ? [...value].join(",") : value;
    if (text) asked.set(name, text);
  }
  history.replaceState(null, "", "#" + asked);
}

function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(WANTED)) {
    const text = asked.get(name) || "";
    WANTED[name] = name === "outcome" ? new Set(text.split(",").filter((kind) => kind in KINDS)) : text;
  }
  $("search").value = WANTED.q;
  for (const [name, select] of Object.entries(CHOICES)) {
    select.value = WANTED[name];
    // A value that is not on offer would leave the list blank.
    if (select.selectedIndex < 0) { select.value = ""; WANTED[name] = ""; }
  }
  applyFilter();
  const shot = BY_ID.get(WANTED.shot);
  if (shot) openShot(shot);
  else if ($("shot").open) $("shot").close();
}

function clearFilter() {
  Object.assign(WANTED, { q: "", outcome: new Set(), scene: "", tag: "", model: "" });
  $("search").value = "";
  for (const select of Object.values(CHOICES)) select.value = "";
  changed();
}
