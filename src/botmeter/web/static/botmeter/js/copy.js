// Copy buttons, hidden until this script runs.
const shown = (within) => within.querySelectorAll('[data-behaviour~="copy"][hidden]').forEach((button) => { button.hidden = false; });

shown(document);
document.addEventListener("htmx:load", (event) => shown(event.target));

document.addEventListener("click", async (event) => {
  const button = event.target.closest('[data-behaviour~="copy"]');
  if (!button || button.classList.contains("copied")) return;
  const word = button.querySelector("span");
  const before = word ? word.textContent : button.getAttribute("aria-label");
  const say = (text) => { if (word) word.textContent = text; else { button.title = text; button.setAttribute("aria-label", text); } };
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("copied");
    say("Copied");
  } catch {
    say("Copy it by hand");
  }
  setTimeout(() => { button.classList.remove("copied"); say(before); }, 2000);
});
