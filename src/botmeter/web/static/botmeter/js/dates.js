// The period picker: two clicks choose a range, typed days move the two months, and buttons lead to months at any distance.
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
let hasFirst = false;

const iso = (on) => on.toISOString().slice(0, 10);
const monthOf = (on, step = 0) => new Date(Date.UTC(+on.slice(0, 4), on.slice(5, 7) - 1 + step, 1));
const shown = (on) => `${+on.slice(8)} ${MONTHS[on.slice(5, 7) - 1].slice(0, 3)} ${on.slice(0, 4)}`;

function typed(text) {
  const words = text.trim().match(/^(\d{1,2})\s+([a-z]{3,9})\s+(\d{4})$/i);
  const month = words ? MONTHS.findIndex((name) => [name, name.slice(0, 3)].some((each) => each.toLowerCase() === words[2].toLowerCase())) : -1;
  const on = words ? `${words[3]}-${String(month + 1).padStart(2, "0")}-${words[1].padStart(2, "0")}` : text.trim();
  return /^\d{4}-\d\d-\d\d$/.test(on) && !isNaN(Date.parse(on)) && iso(new Date(on)) === on ? on : "";
}

const days = (form) => [typed(form.elements.from.value), typed(form.elements.to.value)];

function paint(form) {
  const [from, to] = days(form).toSorted();
  for (const day of form.querySelectorAll("[data-day]")) {
    const on = day.dataset.day;
    day.className = [from && on >= from && on <= to && "in", on === from && "from", on === to && "to"].filter(Boolean).join(" ");
  }
  const note = form.querySelector("[data-note]");
  const count = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
  if (note && from) note.textContent = count === 1 ? "1 day" : `${count.toLocaleString("en")} days`;
}

function fill(table, first, form) {
  const { least, most } = form.dataset;
  const query = new URLSearchParams([...form.querySelectorAll("[type=hidden], select")].map((field) => [field.name, field.value]));
  const cells = Array((first.getUTCDay() + 6) % 7).fill("");
  for (const on = new Date(first); on.getUTCMonth() === first.getUTCMonth(); on.setUTCDate(on.getUTCDate() + 1)) cells.push(iso(on));
  table.caption.textContent = `${MONTHS[first.getUTCMonth()]} ${first.getUTCFullYear()}`;
  table.dataset.month = iso(first);
  table.tBodies[0].replaceChildren(...Array.from({ length: Math.ceil(cells.length / 7) }, (_, week) => {
    const row = document.createElement("tr");
    for (const on of cells.slice(7 * week, 7 * week + 7)) {
      const isOut = on && (on < least || on > most);
      const day = document.createElement(isOut ? "span" : "a");
      day.textContent = on && +on.slice(8);
      if (isOut) day.setAttribute("aria-disabled", "true");
      else if (on) {
        query.set("from", on);
        query.set("to", on);
        Object.assign(day, { href: `${form.action}?${query}` }).dataset.day = on;
      }
      row.insertCell().append(...(on ? [day] : []));
    }
    return row;
  }));
}

function show(form, last) {
  const tables = form.querySelectorAll(".cal");
  tables.forEach((table, index) => fill(table, monthOf(iso(last), index + 1 - tables.length), form));
  paint(form);
}

const formOf = (event) => event.target.closest('[data-behaviour~="dates"]');

document.addEventListener("toggle", (event) => {
  const nav = event.target.open && event.target.querySelector("[data-months]");
  if (nav) nav.hidden = false;
}, true);

document.addEventListener("click", (event) => {
  const form = formOf(event);
  const step = form && event.target.closest("[data-step]");
  if (step) show(form, monthOf(form.querySelector(".cal:last-child").dataset.month, +step.dataset.step));
  const day = form && event.target.closest("[data-day]");
  if (!day || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const [from, to] = days(form);
  const on = day.dataset.day;
  const range = hasFirst ? [on < from ? on : from, on < from ? to : on] : [on, on];
  [form.elements.from.value, form.elements.to.value] = range.map(shown);
  hasFirst = !hasFirst;
  paint(form);
});

document.addEventListener("input", (event) => {
  const form = formOf(event);
  const on = form && event.target.matches("[name=from], [name=to]") && typed(event.target.value);
  if (on) show(form, monthOf(on, event.target.name === "from" ? 1 : 0));
});

// The address has days in ISO.
document.addEventListener("formdata", (event) => {
  for (const name of ["from", "to", "compare_from", "compare_to"]) {
    const on = typed(event.formData.get(name) ?? "");
    if (on) event.formData.set(name, on);
  }
});
