// Rows as links: a click or Enter opens a row, j and k move. Links inside keep working.
const rowOf = (target) => target.closest('[data-behaviour~="rows"] tr[data-href]');

document.addEventListener("click", (event) => {
  const row = rowOf(event.target);
  if (!row || event.target.closest("a, button, input, label, select") || getSelection().toString()) return;
  const opener = row.querySelector("td.x a");
  if (event.metaKey || event.ctrlKey) open(row.dataset.href);
  else if (opener) opener.click();
  else location.assign(row.dataset.href);
});

document.addEventListener("keydown", (event) => {
  if (!["j", "k"].includes(event.key) || !("shortcuts" in document.documentElement.dataset) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) return;
  const links = [...document.querySelectorAll('[data-behaviour~="rows"] tr[data-href] :is(td.x a, td a)')]
    .filter((link, index, all) => index === 0 || link.closest("tr") !== all[index - 1].closest("tr"));
  if (!links.length) return;
  const at = links.findIndex((link) => link.closest("tr") === document.activeElement?.closest("tr"));
  links[Math.max(0, Math.min(links.length - 1, at + (event.key === "j" ? 1 : -1)))].focus();
  event.preventDefault();
});
