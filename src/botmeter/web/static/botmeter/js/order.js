// Reorders the choices of a list by dragging, or by Alt and an arrow key. The form submits them in that order.
const lineOf = (target) => target.closest?.('[data-behaviour~="order"] .opts > li');
let dragged;

document.addEventListener("toggle", (event) => {
  for (const line of event.target.querySelectorAll?.('[data-behaviour~="order"] .opts > li') ?? []) {
    line.draggable = true;
    line.title = "Drag to move, or press Alt and an arrow";
  }
}, true);

document.addEventListener("dragstart", (event) => { dragged = lineOf(event.target); });
document.addEventListener("dragend", () => { dragged = undefined; });

document.addEventListener("dragover", (event) => {
  const over = lineOf(event.target);
  if (!dragged || !over || over.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  const { top, height } = over.getBoundingClientRect();
  if (over !== dragged) over[event.clientY < top + height / 2 ? "before" : "after"](dragged);
});

document.addEventListener("keydown", (event) => {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const line = lineOf(event.target);
  if (!line) return;
  event.preventDefault();
  if (event.key === "ArrowUp") line.previousElementSibling?.before(line);
  else line.nextElementSibling?.after(line);
  event.target.focus();
});
