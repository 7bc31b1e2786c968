// Live reports: the freshness line polls, and only changed parts of the page are replaced.
const isFollow = (element) => element?.matches?.('[data-behaviour~="follow"]');
const isOfPage = (answer) => new URL(answer.responseURL).pathname.startsWith(location.pathname);
let [misses, due, reached, later] = [0, 0, new Date(), undefined];

function morph(old, now) {
  if (old.isEqualNode(now) || (old.dataset?.kept && old.dataset.kept === now.dataset.kept)) return;
  if (old.nodeType === Node.TEXT_NODE) {
    old.data = now.data;
    if (old.parentElement.closest(".kpi.hero .kpi-v") && !matchMedia("(prefers-reduced-motion: reduce)").matches) old.parentElement.animate({ opacity: [0.4, 1] }, 200);
    return;
  }
  for (const { name } of [...old.attributes]) if (!now.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  let at = old.firstChild;
  for (const next of [...now.childNodes]) {
    let same = at;
    while (next.id && same && same.id !== next.id) same = same.nextSibling;
    if (!same || same.nodeName !== next.nodeName || (same.id || "") !== (next.id || "")) { old.insertBefore(next, at); continue; }
    while (at !== same) { at = at.nextSibling; at.previousSibling.remove(); }
    at = same.nextSibling;
    morph(same, next);
  }
  while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
}
htmx.defineExtension("morph", { isInlineSwap: (style) => style === "morph", handleSwap: (style, target, made) => style === "morph" && (morph(target, made.firstElementChild), [target]) });

document.addEventListener("htmx:beforeRequest", (event) => { if (isFollow(event.target) && (document.hidden || Date.now() < due)) event.preventDefault(); });
document.addEventListener("htmx:beforeSwap", ({ detail }) => { if (isFollow(detail.requestConfig.elt)) detail.shouldSwap &&= isOfPage(detail.xhr); });
document.addEventListener("htmx:afterRequest", ({ target, detail: { successful, xhr } }) => {
  if (!isFollow(target)) return;
  const isIn = successful && isOfPage(xhr), isOver = [401, 403, 404].includes(xhr.status) || (successful && !isIn);
  if (isIn) [misses, due, reached] = [0, 0, new Date()];
  else due = isOver ? Infinity : Date.now() + Math.min(15_000, 1_000 * 2 ** misses++);
  const said = isIn ? "" : isOver ? "Not followed any more; reload the page" : `Not reached since ${reached.toISOString().slice(11, 19)} UTC; trying again`;
  const told = document.getElementById("fresh-status");
  if (told.textContent !== said) told.textContent = said;
  if (isIn && xhr.status === 200) later ??= setTimeout(() => { later = undefined; document.querySelectorAll("[data-kept][hx-get]").forEach((widget) => htmx.trigger(widget, "moved")); }, 5_000);
});
