// Single keys for links and buttons that name one in data-key. Never while typing, never with a modifier, and only for
// users who have not turned them off.
const isOn = "shortcuts" in document.documentElement.dataset;

for (const target of isOn ? document.querySelectorAll("[data-key]") : []) target.setAttribute("aria-keyshortcuts", target.dataset.key);

document.addEventListener("keydown", (event) => {
  if (!isOn || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]")) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input, select, textarea")) target.focus(); else target.click();
});
