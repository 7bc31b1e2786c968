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

document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" || event.target.type !== "search") return;
  const first = [...(event.target.closest('[data-behaviour~="find"]')?.querySelectorAll(".opts li:not([hidden]) input") ?? [])][0];
  if (!first) return;
  event.preventDefault();
  first.focus();
});
