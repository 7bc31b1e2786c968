// Live reports: the freshness line polls, and only changed parts of the page are replaced.
const isPoll = (element) => element?.matches?.('[data-behaviour~="follow"]');
const isOfPage = (answer) => new URL(answer.responseURL).pathname.startsWith(location.pathname);
// An update has all widgets and can be costly on a large account: with the pause after it, a reader takes a quarter of a core.
const PAUSE_PER_UPDATE = 3, PAUSE_MAX = 15_000;
let [failureCount, retryAt, reachedAt, sentAt] = [0, 0, new Date(), 0];

function morph(old, next) {
  if (old.isEqualNode(next) || (old.dataset?.preserved && old.dataset.preserved === next.dataset.preserved)) return;
  if (old.nodeType === Node.TEXT_NODE) {
    old.data = next.data;
    if (old.parentElement.closest(".kpi.hero .kpi-v") && !matchMedia("(prefers-reduced-motion: reduce)").matches) old.parentElement.animate({ opacity: [0.4, 1] }, 200);
    return;
  }
  for (const { name } of [...old.attributes]) if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  let at = old.firstChild;
  for (const child of [...next.childNodes]) {
    let same = at;
    while (child.id && same && same.id !== child.id) same = same.nextSibling;
    if (!same || same.nodeName !== child.nodeName || (same.id || "") !== (child.id || "")) { old.insertBefore(child, at); continue; }
    while (at !== same) { at = at.nextSibling; at.previousSibling.remove(); }
    at = same.nextSibling;
    morph(same, child);
  }
  while (at) { const removed = at; at = at.nextSibling; removed.remove(); }
}
htmx.defineExtension("morph", { isInlineSwap: (style) => style === "morph", handleSwap: (style, target, content) => style === "morph" && (morph(target, content.firstElementChild), [target]) });

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isPoll(event.target)) return;
  if (document.hidden || Date.now() < retryAt) event.preventDefault();
  else sentAt = Date.now();
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { elt } = detail.requestConfig;
  if (isPoll(elt)) detail.shouldSwap &&= isOfPage(detail.xhr);
  // An update brought the widget while it was still loading.
  if (elt.matches("[data-widget]:not([hx-get])")) detail.shouldSwap = false;
});
document.addEventListener("htmx:afterRequest", ({ target, detail: { successful, xhr } }) => {
  if (!isPoll(target)) return;
  const isAnswered = successful && isOfPage(xhr), hasEnded = [401, 403, 404].includes(xhr.status) || (successful && !isAnswered);
  if (isAnswered) [failureCount, retryAt, reachedAt] = [0, xhr.status === 200 ? Date.now() + Math.min(PAUSE_MAX, PAUSE_PER_UPDATE * (Date.now() - sentAt)) : 0, new Date()];
  else retryAt = hasEnded ? Infinity : Date.now() + Math.min(PAUSE_MAX, 1_000 * 2 ** failureCount++);
  const message = isAnswered ? "" : hasEnded ? "Live updates stopped; reload the page" : `Server unreachable since ${reachedAt.toISOString().slice(11, 19)} UTC; trying again`;
  const status = document.getElementById("fresh-status");
  if (status.textContent !== message) status.textContent = message;
});
