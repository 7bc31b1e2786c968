// Shows the confirmation of an action in a dialog. If it can't be loaded, the link opens as a page.
let loading = false;

async function ask(link) {
  const dialog = Object.assign(document.createElement("dialog"), { className: "asks" });
  dialog.setAttribute("aria-labelledby", "confirmation-question");
  dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
  dialog.addEventListener("click", (event) => {
    if (event.target !== dialog && !event.target.closest("[data-close]")) return;
    event.preventDefault();
    dialog.close();
  });
  document.body.append(dialog);
  loading = true;
  try {
    await htmx.ajax("GET", link.href, { target: dialog, select: "#confirmation", swap: "ignoreTitle:true" });
    if (!dialog.firstElementChild) throw new Error(`No confirmation at ${link.href}`);
    dialog.showModal();
  } catch {
    dialog.remove();
    location.assign(link.href);
  } finally {
    loading = false;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[data-behaviour~="confirm"]');
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  // A dialog that was just closed stays in the page until its close event, which comes later.
  if (!loading && !document.querySelector("dialog.asks[open]")) ask(link);
});
