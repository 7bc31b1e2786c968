// The theme that a person chose is kept in a cookie, so that the server writes it into the page and nothing flashes.
const root = document.documentElement;
const YEAR = 365 * 24 * 3600;

function marked() {
  for (const choice of document.querySelectorAll('[data-behaviour~="theme"]')) {
    choice.hidden = false;
    for (const button of choice.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === (root.dataset.theme ?? "")));
    }
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice]");
  if (!button) return;
  const theme = button.dataset.themeChoice;
  if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `botmeter_theme=${theme}; path=/; max-age=${theme ? YEAR : 0}; samesite=lax${secure}`;
  marked();
});

marked();
