// The top and the foot of the page: the two documents, and what differs as a whole.

const DIFF = DATA.diff;

/** A word of the document, as a heading. */
const title = (word) => t(word[0].toUpperCase() + word.slice(1));

/** What went and came, word by word. */
function words(pieces) {
  return pieces.flatMap((piece) => {
    if ("same" in piece) return [piece.same];
    return [piece.gone ? el("del", {}, piece.gone) : null, piece.came ? el("ins", {}, piece.came) : null];
  });
}

/** One fact before and after. */
function change(fact) {
  const value = fact.words
    ? words(fact.words)
    : [el("span.old", {}, fact.old), el("span.arrow", {}, " → "), el("span.new", {}, fact.new)];
  return el(fact.counts ? "div.fact" : "div.fact.aside", {}, el("dt", {}, fact.label), el("dd", {}, value));
}

/** Facts that count, and then the others, folded. */
function facts(changes) {
  const [counting, beside] = [changes.filter((fact) => fact.counts), changes.filter((fact) => !fact.counts)];
  return [
    counting.length ? el("dl.facts-list", {}, counting.map(change)) : null,
    beside.length ? el("details", {}, el("summary", {}, t("Also, without counting")), el("dl.facts-list", {}, beside.map(change))) : null,
  ];
}

function drawHead() {
  $("kinds").append(`${title(DIFF.before.kind)} → ${title(DIFF.after.kind)}`);
  $("verdict").append(DIFF.verdict);
  const row = (side, label) => el(`div.document.${side}`, {}, el("dt", {}, label),
    el("dd", {}, el("code", {}, DIFF[side].name), el("span.facts", {}, [DIFF[side].manifest, DIFF[side].run_id && t("run {id}", { id: DIFF[side].run_id })].filter(Boolean).join(" · "))));
  $("documents").append(row("before", t("Before")), row("after", t("After")));
  if (DIFF.changes.length) {
    $("whole").append(...facts(DIFF.changes).filter(Boolean));
    $("whole").hidden = false;
  }
  const ignored = DIFF.ignored.map(title).join(", ");
  $("foot").append([`runner diff · ${DIFF.schema_version}`, ignored && t("ignored: {list}", { list: ignored })].filter(Boolean).join(" · "));
}
