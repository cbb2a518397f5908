// Light and dark: the system's choice until a person makes one.

const THEMES = ["", "light", "dark"];

/** A choice is kept for this browser, where it may be. */
function theme(choice) {
  const names = { "": t("Automatic"), light: t("Light"), dark: t("Dark") };
  document.documentElement.dataset.theme = choice;
  $("theme").textContent = names[choice];
  $("theme").setAttribute("aria-label", t("Colours: {name}", { name: names[choice] }));
}

function nextTheme() {
  const choice = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme || "") + 1) % THEMES.length];
  theme(choice);
  try { localStorage.setItem("runner-theme", choice); } catch { /* It is forgotten, then. */ }
}

function savedTheme() {
  try {
    const choice = localStorage.getItem("runner-theme") || "";
    return THEMES.includes(choice) ? choice : "";
  } catch {
    return "";
  }
}
