// The film in sequence: a strip of all shots as wide as they are long, and a stage
// above it. Two players take turns, so that a cut is a cut; a shot without a video
// is a card for as long as it would last.

const STARTS = [];
const LENGTH = FILM.reduce((sum, shot) => { STARTS.push(sum); return sum + shot.seconds; }, 0);
const PLAYERS = [$("stage-a"), $("stage-b")];
const film = { at: 0, playing: false, turn: 0, since: 0, past: 0, frame: 0 };

function drawFilm() {
  if (FILM.length < 1 || !LENGTH) return;
  $("film").hidden = false;
  $("strip").setAttribute("aria-valuemax", String(FILM.length));
  $("frames").append(...FILM.map((shot) => {
    const piece = el(shot.video ? "span.piece" : `span.piece.empty.${shot.kind}`, { title: shot.id });
    piece.style.flexGrow = String(shot.seconds);
    const poster = shot.video && DATA.posters[shot.video.sha256];
    // Of hundreds of shots a sliver is seen of each: its colour says as much.
    if (poster && FILM.length <= 80) piece.append(still(shot.video.sha256));
    else if (poster) piece.style.backgroundColor = poster.mean;
    return piece;
  }));
  $("play").addEventListener("click", toggleFilm);
  $("stage-close").addEventListener("click", closeFilm);
  $("strip").addEventListener("pointerdown", grab);
  $("strip").addEventListener("keydown", stripKey);
  for (const video of PLAYERS) {
    video.addEventListener("ended", () => video === PLAYERS[film.turn] && film.playing && goTo(film.at + 1));
    video.addEventListener("error", () => video === PLAYERS[film.turn] && video.src && showCard(t("the file is not beside this page")));
    video.addEventListener("click", toggleFilm);
  }
  tellFilm();
}

const onStage = () => PLAYERS[film.turn];
const isCard = () => !$("stage-card").hidden;
const withinShot = () => (isCard() ? film.past + (film.playing ? (performance.now() - film.since) / 1000 : 0) : onStage().currentTime);

/** Shows a shot of the film, from `offset` seconds in it. */
function goTo(at, offset = 0) {
  if (at >= FILM.length) return endFilm();
  const shot = FILM[at];
  const prepared = PLAYERS[1 - film.turn];
  const source = shot.video ? address(shot.video.path) : "";
  onStage().pause();
  if (source && prepared.dataset.source === source) film.turn = 1 - film.turn;
  film.at = at;
  $("stage").hidden = false;
  if (!source) showCard(reasonOf(shot), offset);
  else showVideo(source, offset);
  prepare(FILM[at + 1]);
  tellFilm();
}

function showVideo(source, offset) {
  $("stage-card").hidden = true;
  const video = onStage();
  load(video, source, "auto");
  PLAYERS.forEach((each) => each.classList.toggle("on", each === video));
  if (Math.abs(video.currentTime - offset) > 0.01) video.currentTime = offset;
  if (film.playing) video.play().catch(() => {});
}

function load(video, source, preload) {
  video.preload = preload;
  if (video.dataset.source === source) return;
  video.dataset.source = source;
  video.src = source;
}

/** The next one is fetched while this one plays. */
function prepare(shot) {
  if (shot?.video) load(PLAYERS[1 - film.turn], address(shot.video.path), "auto");
}

function showCard(why, offset = 0) {
  const shot = FILM[film.at];
  PLAYERS.forEach((each) => each.classList.remove("on"));
  $("stage-card").hidden = false;
  $("stage-card").className = `stage-card ${shot.kind}`;
  $("stage-card").replaceChildren(el("p.stage-id", {}, shot.id), el("p", {}, why || t(KINDS[shot.kind])));
  film.past = offset;
  film.since = performance.now();
}

function playFilm() {
  if (film.playing) return;
  endPreview();
  film.playing = true;
  film.since = performance.now();
  if ($("stage").hidden) raise();
  else if (!isCard()) onStage().play().catch(() => {});
  film.frame = requestAnimationFrame(tick);
  tellFilm();
}

/** The stage, with the strip under it in the window. */
function raise() {
  goTo(film.at);
  $("film").scrollIntoView({ block: "start", behavior: CALM.matches ? "auto" : "smooth" });
}

function pauseFilm() {
  if (!film.playing) return;
  if (isCard()) film.past = withinShot();
  film.playing = false;
  cancelAnimationFrame(film.frame);
  onStage().pause();
  tellFilm();
}

const toggleFilm = () => (film.playing ? pauseFilm() : playFilm());

function endFilm() {
  pauseFilm();
  film.at = 0;
  closeFilm();
}

function closeFilm() {
  pauseFilm();
  $("stage").hidden = true;
  $("stage-card").hidden = true;
  tellFilm();
}

function tick() {
  if (!film.playing) return;
  if (isCard() && withinShot() >= FILM[film.at].seconds) goTo(film.at + 1);
  tellTime();
  if (film.playing) film.frame = requestAnimationFrame(tick);
}

function tellTime() {
  const now = $("stage").hidden ? STARTS[film.at] : Math.min(STARTS[film.at] + withinShot(), LENGTH);
  $("playhead").style.left = `${(now / LENGTH) * 100}%`;
  const text = `${clock(now)} / ${clock(LENGTH)}`;
  if ($("clock").textContent !== text) $("clock").textContent = text;
}

function tellFilm() {
  const shot = FILM[film.at];
  $("play").textContent = film.playing ? t("Pause") : t("Play the film");
  $("play").classList.toggle("on", film.playing);
  $("playhead").hidden = $("stage").hidden;
  $("stage-name").replaceChildren(el("span", {}, String(shot.number)), ` ${shot.id}`);
  $("strip").setAttribute("aria-valuenow", String(shot.number));
  $("strip").setAttribute("aria-valuetext", `${shot.number} / ${FILM.length}: ${shot.id}`);
  [...$("frames").children].forEach((piece, i) => piece.classList.toggle("now", i === film.at && !$("stage").hidden));
  tellTime();
}

/** Pressing and dragging on the strip. */
function grab(event) {
  const strip = $("strip");
  const seek = ({ clientX }) => {
    const box = strip.getBoundingClientRect();
    const time = Math.min(Math.max((clientX - box.left) / box.width, 0), 0.9999) * LENGTH;
    const at = STARTS.findLastIndex((start) => start <= time);
    goTo(at, time - STARTS[at]);
  };
  strip.setPointerCapture(event.pointerId);
  strip.addEventListener("pointermove", seek);
  strip.addEventListener("pointerup", () => strip.removeEventListener("pointermove", seek), { once: true });
  seek(event);
}

function stripKey(event) {
  const steps = { ArrowLeft: film.at - 1, ArrowUp: film.at - 1, ArrowRight: film.at + 1, ArrowDown: film.at + 1, Home: 0, End: FILM.length - 1 };
  if (event.key in steps) goTo(Math.min(Math.max(steps[event.key], 0), FILM.length - 1));
  else if (event.key === " " || event.key === "Enter") toggleFilm();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
