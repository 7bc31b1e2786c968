// Takes the Undo button away after its seconds; while its notice has the pointer or the focus, the button stays.
for (const form of document.querySelectorAll('[data-behaviour~="undo"]')) {
  const notice = form.closest(".notice");
  const end = () => { if (notice.matches(":hover, :focus-within")) setTimeout(end, 1_000); else form.remove(); };
  setTimeout(end, form.dataset.seconds * 1_000);
}
