// Shows the confirmation of an action in a dialog. If it can't be loaded, the link opens as a page.
async function confirmation(href) {
  const answer = await fetch(href);
  const asked = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("confirmation");
  if (!answer.ok || !asked) throw new Error(`No confirmation at ${href}`);
  return asked;
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest?.('a[data-behaviour~="confirm"]');
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  try {
    const asked = await confirmation(link.href);
    if (document.querySelector("dialog[open]")) return;
    const dialog = Object.assign(document.createElement("dialog"), { className: "asks" });
    dialog.setAttribute("aria-labelledby", "confirmation-question");
    dialog.append(asked);
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    dialog.addEventListener("click", (inside) => {
      if (inside.target !== dialog && !inside.target.closest("[data-close]")) return;
      inside.preventDefault();
      dialog.close();
    });
    document.body.append(dialog);
    dialog.showModal();
  } catch {
    location.assign(link.href);
  }
});
