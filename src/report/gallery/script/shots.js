// The shots as the page sees them: how each ended, what is said of it.

/** How shots end, in the order in which they are named, and their words. */
const KINDS = {
  made: "made",
  reused: "reused",
  collected: "collected",
  unexpected: "not as expected",
  unchecked: "not checked",
  failed: "failed",
  uncertain: "uncertain",
  pending: "pending",
  skipped: "not made",
};

/** `made` and `reused` are both a success; the difference is what was paid now. */
function kindOf(shot) {
  if (shot.outcome !== "succeeded") return shot.outcome in KINDS ? shot.outcome : "skipped";
  if (shot.verdict?.result === "failed") return "unexpected";
  if (shot.verdict?.result === "unknown") return "unchecked";
  if (shot.run.attempts.some((attempt) => attempt.result === "accepted")) return "made";
  return shot.decision === "resume" ? "collected" : "reused";
}

const SHOTS = (REPORT.shots || []).map((shot, index) => ({
  ...shot,
  index,
  kind: kindOf(shot),
  ways: DATA.ways[index] || [],
  takes: shot.earlier_version ? [] : DATA.takes[shot.id] || [],
  seconds: shot.video ? shot.video.duration_ms / 1000 : shot.duration_s,
  /** What a search looks through. */
  words: [
    shot.id, shot.prompt, shot.model, shot.mode, shot.resolution, shot.scene?.id, shot.scene?.title, shot.task_id,
    ...(shot.tags || []), shot.outcome_reason?.message, shot.error?.message,
    ...(shot.verdict?.reasons || []),
  ].filter(Boolean).join("\n").toLocaleLowerCase(),
}));

/** The film: what an earlier version left is no part of it. */
const FILM = SHOTS.filter((shot) => !shot.earlier_version);
FILM.forEach((shot, place) => (shot.number = place + 1));

const BY_ID = new Map(FILM.map((shot) => [shot.id, shot]));
const FOLLOWERS = new Map();
for (const shot of FILM) {
  for (const source of new Set(shot.depends_on)) {
    FOLLOWERS.set(source, [...(FOLLOWERS.get(source) || []), shot]);
  }
}

const sceneName = (scene) => scene.title || scene.id;

/** Neighbours of one scene as groups, in storyboard order. */
function scenes(shots) {
  const groups = [];
  for (const shot of shots) {
    const last = groups.at(-1);
    const key = shot.earlier_version ? null : (shot.scene?.id ?? "");
    if (last && last.key === key) last.shots.push(shot);
    else groups.push({ key, scene: shot.scene, shots: [shot] });
  }
  return groups;
}

const CAMERA = new Set(DATA.camera.map((word) => word.toLocaleLowerCase()));

function isCamera(inside) {
  return inside.split(/[,，、]/).every((word) => CAMERA.has(word.trim().toLocaleLowerCase()));
}

/** A prompt with its camera commands marked. */
function prompt(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(/\[([^[\]]*)\]|【([^【】]*)】|［([^［］]*)］/g)) {
    const inside = found[1] ?? found[2] ?? found[3];
    if (!isCamera(inside)) continue;
    const words = inside.split(/[,，、]/).map((word) => word.trim());
    parts.push(text.slice(from, found.index), el("span.chip", {}, words.join(" + ")));
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** Why there is no video, in a sentence. */
function reasonOf(shot) {
  return say(shot.outcome_reason?.message || shot.error?.message);
}

const adviceOf = (shot) => say(shot.error?.advice || shot.outcome_reason?.advice);

const badge = (shot) => el(`span.badge.${shot.kind}`, {}, t(KINDS[shot.kind]));
