// The current tab is in view where tabs scroll sideways.
for (const tabs of document.querySelectorAll('[data-behaviour~="tabs"]')) {
  const current = tabs.querySelector("[aria-current]")?.getBoundingClientRect(), all = tabs.getBoundingClientRect();
  if (current) tabs.scrollLeft += current.left - all.left - (all.width - current.width) / 2;
}
