// One silent video for all cards: it goes to the card that is pointed at, so that
// a page of many shots loads no video that nobody looks at.

const PREVIEW = el("video.preview", { muted: true, playsinline: true, loop: true, preload: "none", tabindex: "-1", "aria-hidden": "true" });
// The attribute is only the default.
PREVIEW.muted = true;
let previewed = null;
let waiting = 0;

PREVIEW.addEventListener("playing", () => PREVIEW.classList.add("on"));
PREVIEW.addEventListener("error", () => {
  if (!previewed) return;
  const item = previewed;
  endPreview();
  item.querySelector(".picture").append(el("span.gone", {}, t("the file is not beside this page")));
});

function startPreview(item) {
  const video = item.shot.video;
  if (!video || previewed === item) return;
  endPreview();
  item.querySelector(".gone")?.remove();
  previewed = item;
  PREVIEW.src = address(video.path);
  item.querySelector(".picture").append(PREVIEW);
  item.classList.add("playing");
  // Refused, or ended before it began: the still stays.
  PREVIEW.play().catch(() => {});
}

function endPreview() {
  clearTimeout(waiting);
  if (!previewed) return;
  previewed.classList.remove("playing");
  previewed = null;
  PREVIEW.pause();
  PREVIEW.classList.remove("on");
  PREVIEW.remove();
  PREVIEW.removeAttribute("src");
  PREVIEW.load();
}

function togglePreview(item) {
  if (previewed === item) endPreview();
  else startPreview(item);
}

/** Pointing or going to a card plays it, but passing by does not. */
function previewOf(item) {
  const soon = () => {
    clearTimeout(waiting);
    if (!CALM.matches) waiting = setTimeout(() => startPreview(item), 120);
  };
  const box = item.button;
  box.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && soon());
  box.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && endPreview());
  box.addEventListener("focus", () => box.matches(":focus-visible") && soon());
  box.addEventListener("blur", endPreview);
}
