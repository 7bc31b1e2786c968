// Heads of long tables stay in view, and a table wider than its card fades at the side where it goes on.
const root = document.documentElement;
const regions = new ResizeObserver((entries) => entries.forEach(({ target }) => show(target.closest('[data-behaviour~="table"]'))));
const bars = new ResizeObserver(([{ target }]) => {
  const isSticky = getComputedStyle(target).position === "sticky";
  root.style.setProperty("--bar-height", `${isSticky ? target.offsetHeight : 0}px`);
});

function show(region) {
  const table = region?.firstElementChild;
  if (!table) return;
  // A table that fits needs no scrolling of its own, so its head sticks to the window.
  const fits = table.offsetWidth <= region.offsetWidth;
  const left = Math.abs(region.scrollLeft), right = region.scrollWidth - region.clientWidth - left;
  for (const [name, isOn] of [["fits", fits], ["held", !fits], ["cut-start", !fits && left > 1], ["cut-end", !fits && right > 1]]) region.classList.toggle(name, isOn);
}

function watch(within) {
  for (const region of within.querySelectorAll('[data-behaviour~="table"]')) for (const part of [region, region.firstElementChild]) regions.observe(part);
  const bar = document.getElementById("filters");
  if (bar) bars.observe(bar);
}

watch(document);
document.addEventListener("htmx:load", (event) => watch(event.target));
document.addEventListener("scroll", (event) => { if (event.target.matches?.('[data-behaviour~="table"]')) show(event.target); }, { capture: true, passive: true });
