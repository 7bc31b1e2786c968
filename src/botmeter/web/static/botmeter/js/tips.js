// Shows the hover text of a chart's mark beside the pointer at once; without scripts the browser shows it after a delay.
let tip;
let tipOf;

function texts(target) {
  // A cell has the text, and the link in it none.
  const mark = target.closest?.('[data-behaviour~="tips"] :is(td, i):is([title], [data-tip])')
    ?? target.closest?.('[data-behaviour~="tips"] :is(a, g.tipped)');
  if (!mark) return [null, ""];
  const title = mark.querySelector(":scope > title, :scope > * > title");
  if (mark.title) { mark.dataset.tip = mark.title; if (mark.matches("a")) mark.setAttribute("aria-label", mark.title); mark.removeAttribute("title"); }
  if (title) { mark.dataset.tip = title.textContent; mark.setAttribute("aria-label", title.textContent); title.remove(); }
  return [mark, mark.dataset.tip ?? ""];
}

function hide() {
  tip?.remove();
  tip = tipOf = undefined;
}

document.addEventListener("pointermove", (event) => {
  const [mark, text] = texts(event.target);
  if (!text) return hide();
  if (mark !== tipOf) {
    hide();
    tipOf = mark;
    tip = Object.assign(document.createElement("div"), { className: "tip", textContent: text.replaceAll("; ", "\n") });
    tip.setAttribute("aria-hidden", "true");
    document.body.append(tip);
  }
  const box = tip.getBoundingClientRect();
  const left = Math.min(event.clientX + 12, innerWidth - box.width - 8);
  const top = event.clientY + 16 + box.height > innerHeight ? event.clientY - box.height - 10 : event.clientY + 16;
  // Set by the object model, which a strict policy allows; it forbids style attributes in markup.
  tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
});

document.addEventListener("pointerleave", hide);
document.addEventListener("scroll", hide, true);
document.addEventListener("keydown", hide);
