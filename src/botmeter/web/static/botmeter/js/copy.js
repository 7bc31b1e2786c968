// Copy buttons, hidden until this script runs.
const showButtons = (within) => within.querySelectorAll('[data-behaviour~="copy"][hidden]').forEach((button) => { button.hidden = false; });

showButtons(document);
document.addEventListener("htmx:load", (event) => showButtons(event.target));

document.addEventListener("click", async (event) => {
  const button = event.target.closest('[data-behaviour~="copy"]');
  if (!button || button.classList.contains("copied")) return;
  const label = button.querySelector("span");
  const before = label ? label.textContent : button.getAttribute("aria-label");
  const setText = (text) => { if (label) label.textContent = text; else { button.title = text; button.setAttribute("aria-label", text); } };
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("copied");
    setText("Copied");
  } catch {
    setText("Copy it manually");
  }
  setTimeout(() => { button.classList.remove("copied"); setText(before); }, 2000);
});
