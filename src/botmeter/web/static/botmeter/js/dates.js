// Chooses a range in the period picker by two clicks: the first sets both ends, the second the other one. Apply submits the dates.
let hasFirst = false;

function paint(form) {
  const [from, to] = [form.elements.from.value, form.elements.to.value];
  for (const day of form.querySelectorAll("[data-day]")) {
    const on = day.dataset.day;
    day.className = [on >= from && on <= to && "in", on === from && "from", on === to && "to"].filter(Boolean).join(" ");
  }
  const count = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
  const note = form.querySelector("[data-note]");
  if (note && count > 0) note.textContent = count === 1 ? "1 day" : `${count.toLocaleString("en")} days`;
}

document.addEventListener("click", (event) => {
  const day = event.target.closest('[data-behaviour~="dates"] [data-day]');
  if (!day || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const { from, to } = day.closest("form").elements;
  const on = day.dataset.day;
  if (!hasFirst) from.value = to.value = on;
  else if (on < from.value) from.value = on;
  else to.value = on;
  hasFirst = !hasFirst;
  paint(day.closest("form"));
});

document.addEventListener("change", (event) => {
  const form = event.target.closest('[data-behaviour~="dates"]');
  if (form) paint(form);
});
