// Shows how much of a file is uploaded, and takes one that is dropped anywhere on the page. htmx sends the form.
const formOf = (target) => target?.closest?.('[data-behaviour~="upload"]');

function show(form, text, isRunning) {
  const [box, cancel] = [form.querySelector(".upload-progress"), form.querySelector("[data-cancel]")];
  box.hidden = false;
  box.querySelector("progress").hidden = cancel.hidden = !isRunning;
  box.querySelector("[role=status]").textContent = text;
}

document.addEventListener("change", ({ target }) => {
  const form = formOf(target), max = Number(form?.dataset.bytesMax);
  if (target.type === "file" && max) target.setCustomValidity(target.files[0]?.size > max ? `The file has ${target.files[0].size.toLocaleString("en")} bytes; the limit is ${max.toLocaleString("en")}.` : "");
});
document.addEventListener("htmx:beforeRequest", ({ target }) => { if (formOf(target)) show(target, "Uploading", true); });
document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
  if (!formOf(target) || !detail.total) return;
  const percent = Math.floor((100 * detail.loaded) / detail.total);
  target.querySelector("progress").value = percent;
  show(target, percent < 100 ? `${percent} % of ${(detail.total / 2 ** 20).toFixed(1)} MiB` : "Reading the file", true);
});
// Botmeter's own refusals are notices of the page that it leads to; a proxy answers with a status.
const refusals = { 404: "You are no longer signed in; nothing was stored. Sign in and upload the file again.", 413: "A proxy in front of Botmeter refused a file of this size; nothing was stored. Compress the file with gzip, or ask the operator to raise the proxy’s limit to 1100 MB." };
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(name, ({ target, detail }) => { if (formOf(target)) show(target, refusals[detail.xhr?.status] ?? "The upload was cut off; nothing was stored. Try again.", false); });
document.addEventListener("htmx:xhr:abort", ({ target }) => { if (formOf(target)) show(target, "The upload was cancelled.", false); });
document.addEventListener("click", ({ target }) => { if (target.closest("[data-cancel]")) htmx.trigger(formOf(target), "htmx:abort"); });

document.addEventListener("dragover", (event) => { if (document.querySelector('[data-behaviour~="upload"]')) event.preventDefault(); });
document.addEventListener("drop", (event) => {
  const field = document.querySelector('[data-behaviour~="upload"] input[type=file]');
  if (!field || !event.dataTransfer.files.length) return;
  event.preventDefault();
  field.files = event.dataTransfer.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
  field.focus();
});
