// Parts of the dialog: chains, takes, facts, times, the request.

const shotLink = (shot, text) => el("button.link", { type: "button", onclick: () => openShot(shot) }, text ?? shot.id);

/** Which shots it has frames from, and which have frames from it. */
function chain(shot) {
  const uses = { first_frame: "Starts from the {at} frame of", last_frame: "Ends with the {at} frame of", subject: "Has its subject from the {at} frame of" };
  const from = (shot.frames || []).map((frame) => {
    const source = BY_ID.get(frame.shot);
    const at = ["first", "middle", "last"].includes(frame.at) ? t(frame.at) : frame.at;
    return el("li", {}, t(uses[frame.field] || "Uses the {at} frame of", { at }), " ", source ? shotLink(source) : frame.shot);
  });
  const to = (shot.earlier_version ? [] : FOLLOWERS.get(shot.id) || []).map((next) => el("li", {}, t("Goes on in"), " ", shotLink(next)));
  return from.length + to.length ? el("ul.chain", { role: "list" }, from, to) : null;
}

/** What was expected of the video, and what was found; what is wrong comes first. */
function checksOf(shot) {
  const verdict = shot.verdict;
  if (!verdict || !verdict.checks.length) return null;
  const signs = { failed: "✗", unknown: "?", passed: "✓" };
  const order = Object.keys(signs);
  const checks = [...verdict.checks].sort((one, other) => order.indexOf(one.result) - order.indexOf(other.result));
  const takes = verdict.takes ? t("{n} of {all} takes passed, {least} have to", { n: verdict.takes.passed, all: verdict.takes.there, least: verdict.takes.wanted }) : "";
  return el(`section.checks.${verdict.result}`, {}, el("h3", {}, t("Checks")), takes ? el("p", {}, takes) : null,
    el("ul", { role: "list" }, checks.map((check) => el(`li.check.${check.result}`, {},
      el("span.sign", { "aria-label": t(KINDS[{ failed: "unexpected", unknown: "unchecked" }[check.result]] || "as expected") }, signs[check.result]),
      el("code", {}, check.name), " ", say(check.found),
      check.result === "failed" ? el("span.wanted", {}, t("expected: {text}", { text: say(check.expected) })) : null))));
}

/** Every take side by side, if there is more than the one that is shown above. */
function takesOf(shot) {
  const others = shot.takes.filter((take) => take.sha256 !== shot.video?.sha256);
  if (!others.length) return null;
  return el("section", {}, el("h3", {}, plural(shot.takes.length, "{n} take", "{n} takes")),
    el("ul.takes", { role: "list" }, shot.takes.map((take) => takeCard(shot, take))));
}

function takeCard(shot, take) {
  const counts = take.sha256 === shot.video?.sha256;
  const video = el("video", { preload: "none", playsinline: true, controls: true, src: address(take.path), "aria-label": t("Take {name}", { name: take.sha256.slice(0, 8) }) });
  const poster = DATA.posters[take.sha256];
  if (poster) video.poster = poster.inside || address(poster.beside);
  const facts = [moment(DATE, take.at), take.earlier_version ? t("of an earlier version") : ""];
  return el(counts ? "li.take.counts" : "li.take", { "aria-current": counts ? "true" : null }, video,
    el("p.take-name", {}, el("code", {}, take.sha256.slice(0, 8)), counts ? el("span.badge.made", {}, t("this one counts")) : null),
    el("p.facts", {}, facts.filter(Boolean).join(" · ")),
    counts ? null : el("p.facts", {}, t("Use this take")), counts ? null : command(take.choose));
}

/** A list of names and values; what is not there is left out. */
function list(rows) {
  return el("dl.list", {}, rows.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

const code = (text) => el("code", {}, text);

function factsOf(shot) {
  const video = shot.video;
  const size = video ? `${video.width} × ${video.height}, ${NUMBER.format(video.fps)} fps, ${video.codec}, ${bytes(video.bytes)}` : "";
  const task = shot.task_id || shot.takes.find((take) => take.counts)?.task_id;
  const full = shot.fingerprint ? el("code", { title: shot.fingerprint }, digest(shot.fingerprint)) : null;
  return el("section", {}, el("h3", {}, t("Facts")), list([
    [t("Model"), `${shot.model} · ${shot.mode}`],
    [t("Asked for"), `${shot.resolution}, ${t("{n} s", { n: shot.duration_s })}`],
    [t("Decision"), t(shot.decision) + (shot.reason && shot.reason !== "new" ? `: ${say(shot.reason)}` : "")],
    [t("Price"), shot.price ? money(shot.price) + (REPORT.simulated ? ` (${t("simulated: nothing was charged")})` : "") : t("not in the table")],
    [t("File"), video ? el("a", { href: address(video.path) }, video.path) : null],
    [t("Video"), size],
    [t("Task"), task ? code(task) : null],
    [t("Fingerprint"), full],
  ]));
}

/** What the service said it was doing, and for how long. */
function timing(shot) {
  const accepted = shot.run.attempts.findLast((attempt) => attempt.result === "accepted");
  const marks = shot.run.statuses.map((status) => ({ name: status.status, at: Date.parse(status.at) })).filter((mark) => mark.at);
  if (accepted) marks.unshift({ name: t("asked"), at: Date.parse(accepted.at) });
  if (!marks.length) return null;
  const end = Math.max(Date.parse(REPORT.run.started_at) + shot.run.changed_ms, marks.at(-1).at);
  const total = end - marks[0].at;
  const parts = marks.map((mark, i) => ({ ...mark, ms: (marks[i + 1]?.at ?? end) - mark.at }));
  const waited = parts.filter((part) => /queue|prepar/i.test(part.name)).reduce((sum, part) => sum + part.ms, 0);
  const bar = el("div.bar", { "aria-hidden": "true" }, parts.map((part, i) => {
    const piece = el(`span.piece.p${i % 4}`, { title: `${part.name}: ${took(part.ms)}` });
    piece.style.flexGrow = String(Math.max(part.ms, 1));
    return piece;
  }));
  const again = shot.run.retries ? plural(shot.run.retries, "{n} retry", "{n} retries") : "";
  const facts = [took(total), waited ? t("of that {time} in the queue", { time: took(waited) }) : "", again];
  return el("section.timing", {}, el("h3", {}, t("Time")), el("p", {}, facts.filter(Boolean).join(", ")), bar,
    el("ol", { role: "list" }, parts.map((part, i) => el("li", {}, el(`span.dot.p${i % 4}`), el("span", {}, part.name),
      el("span", {}, moment(TIME, part.at)), el("span", {}, i + 1 < parts.length || total ? took(part.ms) : "")))));
}

function requestOf(shot) {
  const fields = Object.entries(shot.request || {}).filter(([name]) => name !== "prompt");
  if (!fields.length) return null;
  const text = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 1));
  return el("details", {}, el("summary", {}, t("The request")),
    list([...fields.map(([name, value]) => [code(name), el("span.value", {}, text(value))])]));
}
