// Says that a menu or a widget did not load, and loads it again.
function show(part, element) {
  part.querySelector(".failed")?.remove();
  part.querySelector(".still")?.setAttribute("hidden", "");
  const note = document.createElement("div");
  const button = document.createElement("button");
  note.className = "notice bad failed";
  note.setAttribute("role", "alert");
  note.append(Object.assign(document.createElement("span"), { textContent: part.dataset.failed }), button);
  Object.assign(button, { type: "button", className: "btn", textContent: "Retry" });
  button.addEventListener("click", () => {
    // Not removed: a click on what has left a menu would be one outside of it.
    note.hidden = true;
    part.querySelector(".still")?.removeAttribute("hidden");
    htmx.trigger(element, element === part ? "retry" : "search");
  });
  part.querySelector(".card-h")?.after(note);
  if (!note.isConnected) part.prepend(note);
}

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, ({ target }) => {
    const part = target.closest?.('[data-behaviour~="retry"]');
    // A widget that is on the page stays there until it can be refreshed.
    if (part && (target !== part || !part.matches(".card") || part.querySelector(".still"))) show(part, target);
  });
}
