// The top and the foot of the page: what the run was, its sums.

function drawHead() {
  const run = REPORT.run || {};
  const parts = [
    REPORT.simulated ? t("Simulated") : REPORT.backend,
    moment(DATE, run.started_at || ""),
    run.elapsed_ms >= 50 ? took(run.elapsed_ms) : "",
    REPORT.finished ? "" : t("did not end by itself"),
  ];
  $("run").append(...parts.filter(Boolean).flatMap((part, i) => (i ? [" · ", part] : [part])));
  drawTotals(REPORT.totals || {});
  if (REPORT.stopped) {
    const { message, advice } = REPORT.stopped;
    $("stopped").append(el("strong", {}, t("Stopped")), `: ${say(message)}`, advice ? el("span.advice", {}, say(advice)) : "");
    $("stopped").hidden = false;
  }
  const versions = [REPORT.manifest, REPORT.runner_version && `runner ${REPORT.runner_version}`, run.run_id && t("run {id}", { id: run.run_id }),
    REPORT.price_date && t("prices of {date}", { date: REPORT.price_date })];
  $("foot").append(versions.filter(Boolean).join(" · "));
}

function drawTotals(totals) {
  const figure = (value, label, kind = "") => el(`div.total.${kind || "plain"}`, {}, el("dt", {}, label), el("dd", {}, String(value)));
  const some = (value, label, kind) => (value ? [figure(value, label, kind)] : []);
  const all = FILM.length;
  const had = FILM.filter((shot) => shot.video).length;
  const spent = REPORT.simulated ? t("nothing") : sums(totals.spent) || "0";
  $("totals").append(
    figure(had === all ? all : `${had} / ${all}`, had === all ? t(all === 1 ? "shot, with its video" : "shots, all with videos") : t("shots have videos")),
    ...some(totals.created, t("made"), "made"),
    ...some(totals.reused, t("reused"), "reused"),
    ...some(totals.resumed, t("collected"), "collected"),
    ...some(totals.failed, t("failed"), "failed"),
    ...some(totals.uncertain, t("uncertain"), "uncertain"),
    ...some(totals.pending, t("pending"), "pending"),
    ...some(totals.skipped, t("not made"), "skipped"),
    ...some(totals.unexpected, t("not as expected"), "failed"),
    ...some(totals.unknown, t("not checked"), "uncertain"),
    figure(clock(LENGTH), t("length of the film")),
    figure(spent, REPORT.simulated ? t("charged: simulated") : t("spent")),
    ...some(REPORT.simulated ? "" : sums(totals.saved_by_reuse), t("saved by reuse")),
    ...some(sums(totals.at_risk), t("may have been paid"), "uncertain"),
    ...some(totals.created_without_price, t("made without a known price")));
}
