// The search field of a filter's menu narrows the listed choices; htmx handles fields that search on the server.
document.addEventListener("input", (event) => {
  const field = event.target;
  const form = field.closest('[data-behaviour~="find"]');
  if (!form || field.type !== "search" || field.hasAttribute("hx-get")) return;
  const text = field.value.trim().toLowerCase();
  for (const line of form.querySelectorAll(".opts > li:has(input)")) {
    line.hidden = !line.querySelector("input").checked && !line.textContent.toLowerCase().includes(text);
  }
});

// Keeps ticked choices, first in the list, when a search brings others.
document.addEventListener("htmx:beforeSwap", (event) => {
  const list = event.detail.target;
  if (!list.matches?.('[data-behaviour~="find"] .opts')) return;
  const ticked = [...list.querySelectorAll("input:checked")].map((input) => input.closest("li"));
  list.addEventListener("htmx:afterSwap", () => {
    for (const line of ticked.reverse()) {
      const { name, value } = line.querySelector("input");
      const same = [...list.querySelectorAll("input")].find((input) => input.name === name && input.value === value);
      if (same) same.checked = true; else list.prepend(line);
    }
  }, { once: true });
});

// The search text is not submitted with the form.
document.addEventListener("formdata", (event) => {
  if (!event.target.matches('[data-behaviour~="find"]')) return;
  for (const field of event.target.querySelectorAll('input[type="search"][name]')) event.formData.delete(field.name);
});

// Focuses the search field once choices have loaded.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.matches?.(".menu[open] .pop")) event.target.querySelector('input[type="search"]')?.focus();
});

// Enter in the search field applies the only match, or the one that is just the text; several wait in the list.
const searched = new WeakMap(), waiting = new WeakSet();

const matches = (form, text) => [...form.querySelectorAll(".opts li:has(input)")].filter((line) =>
  [line.querySelector("input").value, line.querySelector(".grow").textContent].some((name) => name.toLowerCase().includes(text)));

const isNamed = (line, text) =>
  [line.querySelector("input").value, line.querySelector(".grow").textContent.trim()].some((name) => name.toLowerCase() === text);

function pick(form, field) {
  const text = field.value.trim().toLowerCase();
  const lines = matches(form, text);
  const named = lines.filter((line) => isNamed(line, text));
  const [line] = named.length === 1 ? named : lines;
  if (!line) return;
  const box = line.querySelector("input");
  if (named.length !== 1 && lines.length > 1) return box.focus();
  box.checked = true;
  form.requestSubmit();
}

document.addEventListener("keydown", (event) => {
  const form = event.key === "Enter" && event.target.type === "search" && event.target.closest('[data-behaviour~="find"]');
  if (!form || !event.target.value.trim()) return;
  event.preventDefault();
  if (!event.target.hasAttribute("hx-get") || (searched.get(form) ?? "") === event.target.value) return pick(form, event.target);
  // Its answer is still to come.
  waiting.add(form);
  htmx.trigger(event.target, "search");
});

document.addEventListener("htmx:beforeSend", ({ target }) => {
  const form = target.type === "search" && target.closest('[data-behaviour~="find"]');
  if (form) searched.set(form, target.value);
});

document.addEventListener("htmx:afterSettle", ({ target }) => {
  const form = target.closest?.('[data-behaviour~="find"]'), field = form?.querySelector('input[type="search"]');
  if (!form || !waiting.has(form) || searched.get(form) !== field.value) return;
  waiting.delete(form);
  pick(form, field);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" || event.target.type !== "search") return;
  const first = [...(event.target.closest('[data-behaviour~="find"]')?.querySelectorAll(".opts li:not([hidden]) input") ?? [])][0];
  if (!first) return;
  event.preventDefault();
  first.focus();
});
