// Shows how far an export is: links whose files take long say how many rows are written.
const POLL_MS = 700, SHOWN_MS = 8_000;
const number = (count) => count.toLocaleString("en-US");

document.addEventListener("click", (event) => {
  const link = event.target.closest('[data-behaviour~="exports"] a[download]');
  if (!link) return;
  const box = link.closest("[data-behaviour]"), href = link.getAttribute("href"), address = new URL(link.href);
  const name = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  address.searchParams.set("progress", name);
  link.href = address;
  setTimeout(() => link.setAttribute("href", href));
  follow(box, name, link.textContent);
});

async function follow(box, name, format) {
  const status = box.querySelector("[role=status]"), total = Number(box.dataset.total);
  status.dataset.label ??= status.textContent;
  box.dataset.export = name;
  const show = (text) => { if (box.dataset.export === name && status.textContent !== text) status.textContent = text; };
  for (let failures = 0; failures < 5 && box.isConnected && box.dataset.export === name; ) {
    await new Promise((resume) => setTimeout(resume, POLL_MS));
    const answer = await fetch(box.dataset.progress + name).then((response) => response.ok ? response.json() : undefined).catch(() => undefined);
    if (!answer) { failures++; continue; }
    if (answer.state === "waiting") show(`${format}: waiting for another export`);
    if (answer.state === "writing") show(answer.rows < total ? `${format}: ${Math.floor(100 * answer.rows / total)}\u202f% of ${number(total)} rows` : `${format}: finishing the file`);
    if (answer.state === "written") show(`${format}: ${number(answer.rows)} rows written`);
    if (answer.state === "failed") return show(`${format}: ${answer.problem}`);
    if (answer.state === "written") break;
  }
  await new Promise((resume) => setTimeout(resume, SHOWN_MS));
  show(status.dataset.label);
}
