// Two videos in step. One clock, that of the longer video, leads; the other is
// brought back to it gently while it plays, and exactly when it stands.

const VIDEOS = [$("video-a"), $("video-b")];
const SIDES = ["before", "after"];
const MODES = ["beside", "wipe", "difference"];
const SOUNDS = ["none", "before", "after"];
const stage = { shot: null, on: [], fps: 24, length: 0, time: 0, playing: false, frame: 0, mode: "beside", wipe: 50, sound: "none" };

/** Beyond this a video jumps to the clock; below, it only runs faster or slower. */
const FAR = 0.2;

function openShot(shot) {
  pause();
  stage.shot = shot;
  stage.time = 0;
  $("compare-name").textContent = shot.was ? `${shot.was} → ${shot.id}` : shot.id;
  VIDEOS.forEach((video, i) => load(video, shot[SIDES[i]], SIDES[i]));
  stage.on = VIDEOS.filter((video) => video.dataset.source);
  stage.fps = Math.max(1, ...SIDES.map((side) => shot[side]?.video?.fps || 0));
  measure();
  const both = stage.on.length === 2;
  $("compare").querySelector(".modes").hidden = !both;
  $("controls").hidden = !stage.on.length;
  setMode(both ? stage.mode : "beside");
  setSound(stage.sound);
  drawDetails(shot);
  if (!$("compare").open) $("compare").showModal();
  $("compare").scrollTop = 0;
  $("play").focus({ preventScroll: true });
  const list = shown.indexOf(shot);
  $("previous").disabled = list <= 0;
  $("next").disabled = list < 0 || list === shown.length - 1;
  WANTED.shot = shot.id;
  writeAddress();
  tell();
}

function load(video, seen, side) {
  const note = video.parentElement.querySelector(".no-video");
  const source = seen?.video ? seen.video.address : "";
  video.hidden = !source;
  note.hidden = Boolean(source);
  if (!source) {
    note.textContent = seen ? seen.why || t("There is no video.") : t(side === "before" ? "not there before" : "not there any more");
    delete video.dataset.source;
    video.removeAttribute("src");
    video.load();
    return;
  }
  video.dataset.source = source;
  video.setAttribute("aria-label", `${stage.shot.id}: ${t(side === "before" ? "Before" : "After")}`);
  const poster = DATA.posters[seen.video.sha256];
  video.poster = poster ? poster.inside || address(poster.beside) : "";
  video.src = source;
}

/** A file that is not there is said to be missing, and the other plays alone. */
function failed(video) {
  if (!video.dataset.source) return;
  const note = video.parentElement.querySelector(".no-video");
  note.textContent = t("the file is not beside this page");
  note.hidden = false;
  video.hidden = true;
  stage.on = stage.on.filter((one) => one !== video);
  $("controls").hidden = !stage.on.length;
  if (stage.on.length < 2) setMode("beside");
  $("compare").querySelector(".modes").hidden = stage.on.length < 2;
  measure();
}

/** As long as the longer of the two; what a document says counts until the file is read. */
function measure() {
  const said = (video) => stage.shot[SIDES[VIDEOS.indexOf(video)]].video.duration_ms / 1000;
  stage.length = Math.max(0, ...stage.on.map((video) => (Number.isFinite(video.duration) ? video.duration : said(video))));
  $("seek").max = String(Math.max(1, Math.round(stage.length * stage.fps) - 1));
  tell();
}

/** The last moment at which a video still shows a picture. */
const last = (video) => (Number.isFinite(video.duration) ? Math.max(0, video.duration - 0.5 / stage.fps) : Infinity);
const leader = () => stage.on.reduce((one, other) => (last(other) > last(one) ? other : one), stage.on[0]);

function seek(time) {
  stage.time = Math.min(Math.max(time, 0), Math.max(0, stage.length - 0.5 / stage.fps));
  for (const video of stage.on) {
    video.playbackRate = 1;
    const to = Math.min(stage.time, last(video));
    if (Math.abs(video.currentTime - to) > 0.0005) video.currentTime = to;
  }
  tell();
}

/** The middle of a frame, so that rounding shows no neighbour. */
const middle = (frame) => (frame + 0.5) / stage.fps;
const frameAt = (time) => Math.floor(time * stage.fps + 0.001);

function step(by) {
  pause();
  seek(middle(Math.max(0, frameAt(stage.time) + by)));
}

function play() {
  if (stage.playing || !stage.on.length) return;
  if (stage.time >= stage.length - 1.5 / stage.fps) seek(0);
  stage.playing = true;
  stage.frame = requestAnimationFrame(tick);
  tell();
}

function pause() {
  if (!stage.playing) return;
  stage.playing = false;
  cancelAnimationFrame(stage.frame);
  stage.on.forEach((video) => video.pause());
  seek(middle(frameAt(stage.time)));
}

const toggle = () => (stage.playing ? pause() : play());

/** Both go, or both wait: a video that is not ready holds the other. */
function tick() {
  if (!stage.playing) return;
  const going = stage.on.filter((video) => !video.ended && stage.time < last(video));
  const ready = going.every((video) => video.readyState >= 3 && !video.seeking);
  for (const video of going) {
    if (!ready && !video.paused) video.pause();
    if (ready && video.paused) video.play().catch(() => pause());
  }
  if (!going.length) return pause();
  if (ready) keepStep(going);
  tell();
  stage.frame = requestAnimationFrame(tick);
}

function keepStep(going) {
  const lead = going.includes(leader()) ? leader() : going[0];
  stage.time = lead.currentTime;
  for (const video of going) {
    const ahead = video.currentTime - stage.time;
    if (Math.abs(ahead) > FAR) video.currentTime = Math.min(stage.time, last(video));
    video.playbackRate = video === lead || Math.abs(ahead) < 0.3 / stage.fps ? 1 : 1 - Math.max(-0.25, Math.min(0.25, ahead * 4));
  }
}

function tell() {
  const two = (time) => `${clock(time)}.${String(Math.floor((time % 1) * 100)).padStart(2, "0")}`;
  $("play").textContent = stage.playing ? t("Pause") : t("Play");
  $("play").classList.toggle("on", stage.playing);
  $("seek").value = String(frameAt(stage.time));
  const text = `${two(stage.time)} / ${two(stage.length)} · ${t("frame {n}", { n: frameAt(stage.time) + 1 })}`;
  if ($("clock").textContent !== text) $("clock").textContent = text;
  $("seek").setAttribute("aria-valuetext", text);
}

function setMode(mode) {
  if (stage.on.length === 2) stage.mode = mode;
  $("stage").dataset.mode = mode;
  for (const button of document.querySelectorAll("[data-mode][type=button]")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  $("wipe").hidden = mode !== "wipe";
  setWipe(stage.wipe);
}

function setWipe(percent) {
  stage.wipe = Math.min(Math.max(percent, 0), 100);
  $("stage").style.setProperty("--wipe", `${stage.wipe}%`);
  $("wipe").setAttribute("aria-valuenow", String(Math.round(stage.wipe)));
  $("wipe").setAttribute("aria-valuetext", t("{n} % before", { n: Math.round(stage.wipe) }));
}

function setSound(whose) {
  stage.sound = whose;
  VIDEOS.forEach((video, i) => (video.muted = SIDES[i] !== whose));
  const names = { none: t("Sound: none"), before: t("Sound: before"), after: t("Sound: after") };
  $("sound").textContent = names[whose];
}

const nextSound = () => setSound(SOUNDS[(SOUNDS.indexOf(stage.sound) + 1) % SOUNDS.length]);

/** Pressing and dragging anywhere on the picture. */
function grabWipe(event) {
  if ($("stage").dataset.mode !== "wipe" || event.button) return;
  const box = $("stage").getBoundingClientRect();
  const to = ({ clientX }) => setWipe(((clientX - box.left) / box.width) * 100);
  const target = $("stage");
  target.setPointerCapture(event.pointerId);
  target.addEventListener("pointermove", to);
  const end = () => target.removeEventListener("pointermove", to);
  target.addEventListener("pointerup", end, { once: true });
  target.addEventListener("pointercancel", end, { once: true });
  to(event);
  $("wipe").focus({ preventScroll: true });
  event.preventDefault();
}

function wipeKey(event) {
  const by = event.shiftKey ? 10 : 2;
  const steps = { ArrowLeft: stage.wipe - by, ArrowDown: stage.wipe - by, ArrowRight: stage.wipe + by, ArrowUp: stage.wipe + by, Home: 0, End: 100 };
  if (!(event.key in steps)) return;
  event.preventDefault();
  event.stopPropagation();
  setWipe(steps[event.key]);
}

function drawDetails(shot) {
  const others = shot.changes.filter((fact) => fact !== asked(shot));
  $("details").replaceChildren(...[badges(shot), prompt(shot), ...facts(others)].filter(Boolean));
}

/** The shot before or after, of those that are shown. */
function another(by) {
  const next = shown[shown.indexOf(stage.shot) + by];
  if (next && shown.includes(stage.shot)) openShot(next);
}

function closedShot() {
  pause();
  const place = shown.indexOf(stage.shot);
  for (const video of VIDEOS) {
    delete video.dataset.source;
    video.removeAttribute("src");
    video.load();
  }
  stage.on = [];
  WANTED.shot = "";
  writeAddress();
  if (place >= 0) setCurrent(place);
}

function setUpStage() {
  for (const video of VIDEOS) {
    video.addEventListener("error", () => failed(video));
    video.addEventListener("loadedmetadata", () => { measure(); seek(stage.time); });
    video.addEventListener("click", () => $("stage").dataset.mode !== "wipe" && toggle());
  }
  $("stage").addEventListener("pointerdown", grabWipe);
  $("wipe").addEventListener("keydown", wipeKey);
  $("play").addEventListener("click", toggle);
  $("back").addEventListener("click", () => step(-1));
  $("forward").addEventListener("click", () => step(1));
  $("seek").addEventListener("input", () => seek(middle(Number($("seek").value))));
  $("sound").addEventListener("click", nextSound);
  $("previous").addEventListener("click", () => another(-1));
  $("next").addEventListener("click", () => another(1));
  $("compare-close").addEventListener("click", () => $("compare").close());
  $("compare").addEventListener("close", closedShot);
  for (const button of document.querySelectorAll("[data-mode][type=button]")) button.addEventListener("click", () => setMode(button.dataset.mode));
}
