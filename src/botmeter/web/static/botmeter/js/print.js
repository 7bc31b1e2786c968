// Print buttons, hidden until this script runs.
document.querySelectorAll('[data-behaviour~="print"][hidden]').forEach((button) => { button.hidden = false; });

document.addEventListener("click", (event) => {
  if (event.target.closest('[data-behaviour~="print"]')) window.print();
});
