// Closes menus (native disclosures) on Escape, a click outside or a chosen link. The space bar toggles a switch.
const open = () => document.querySelectorAll('details[data-behaviour~="menu"][open]');

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const last = [...open()].pop();
    if (!last) return;
    last.open = false;
    last.querySelector("summary").focus();
    event.preventDefault();
  } else if (event.key === " " && event.target.matches('[data-behaviour~="switch"]')) {
    event.preventDefault();
    event.target.click();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.altKey) {
    moveFocus(event);
  }
});

// Arrow keys move through a menu's items, except in text fields.
function moveFocus(event) {
  const menu = event.target.closest('details[data-behaviour~="menu"][open]');
  if (!menu || event.target.matches('input:not([type="checkbox"]), select')) return;
  const stops = [...menu.querySelectorAll(".opts a, .opts input, .opts button, .presets a")].filter((stop) => stop.offsetParent);
  if (!stops.length) return;
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = stops.indexOf(event.target);
  stops[at < 0 ? (step > 0 ? 0 : stops.length - 1) : (at + step + stops.length) % stops.length].focus();
  event.preventDefault();
}

// Opens a menu to the other side if it would leave the window, and focuses its search field.
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.('details[data-behaviour~="menu"]') || !menu.open) return;
  const pop = menu.querySelector(".pop");
  if (pop && pop.getBoundingClientRect().right > document.documentElement.clientWidth) pop.classList.add("end");
  if (pop && pop.getBoundingClientRect().left < 0) pop.classList.remove("end");
  if (matchMedia("(hover: hover)").matches) menu.querySelector('input[type="search"]')?.focus();
}, true);
