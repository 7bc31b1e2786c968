"""Rules that any page keeps, after any action: accessible, no wider than the window, no number cut off."""

from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS: Final = (390, 700, 1024, 1400, 1920)
HEIGHT: Final = 900

# What reaches beyond the window, tables inside their own scrolling regions aside; at most three, the outermost first.
_OVERFLOW: Final = """async () => {
  // Observers of sizes have run after two frames.
  for (const _ of "12") await new Promise(requestAnimationFrame);
  const root = document.documentElement, width = root.clientWidth;
  if (root.scrollWidth <= width) return [];
  const wide = [...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > width + 0.5 && !one.closest(".scroll.held, pre, svg"));
  return [root.scrollWidth, ...wide.slice(0, 3).map((one) => one.outerHTML.slice(0, 120))];
}"""
# Numbers that an ancestor cuts off without offering to scroll.
_HIDDEN_NUMBERS: Final = """() => [...document.querySelectorAll("main [data-value]")].filter((one) => {
  const box = one.getBoundingClientRect();
  if (!box.width || one.closest(".vh, .chart")) return false;
  for (let at = one; at && at.tagName !== "MAIN"; at = at.parentElement) {
    const overflow = getComputedStyle(at).overflowX;
    if (overflow === "auto" || overflow === "scroll") return false;
    if (overflow === "visible") continue;
    if (at.scrollWidth > at.clientWidth + 1 || box.right > at.getBoundingClientRect().right + 1) return true;
  }
  return false;
}).slice(0, 3).map((one) => `cut off: ${one.outerHTML.slice(0, 120)}`)"""
# Each menu opened by itself, those aside that ask the server for their choices.
_MENUS: Final = """async () => {
  const faults = [], frame = () => new Promise(requestAnimationFrame);
  for (const menu of document.querySelectorAll("details:not([open])")) {
    if (menu.querySelector(":scope > [hx-get]") || !menu.checkVisibility()) continue;
    menu.open = true;
    await frame(); await frame();
    const root = document.documentElement, width = root.clientWidth, name = menu.innerText.slice(0, 30);
    const box = (menu.querySelector(".pop") ?? menu).getBoundingClientRect();
    const isOutside = !menu.closest(".scroll") && (box.left < 0 || box.right > width + 0.5);
    if (isOutside) faults.push(`${name}: ${box.left} to ${box.right}`);
    if (root.scrollWidth > width) faults.push(`${name} widens the page`);
    menu.open = false;
  }
  return faults.slice(0, 5);
}"""


def sideways_overflow(page: Page, width: int) -> list[str]:
    """Faults of the page at a width: what is wider than the window, and numbers that are cut off."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    return [f"{width} px: {fault}" for script in (_OVERFLOW, _HIDDEN_NUMBERS) for fault in page.evaluate(script)]


def menu_overflow(page: Page, width: int) -> list[str]:
    """Menus that leave the window or widen the page at a width."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    return [f"{width} px: menu {fault}" for fault in page.evaluate(_MENUS)]


def serious_violations(page: Page, *, size: tuple[int, int]) -> list[str]:
    """Violations that axe-core rates serious or critical, in light and in dark."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    violations = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        for violation in Axe().run(page).response["violations"]:
            if violation["impact"] in {"serious", "critical"}:
                targets = [node["target"] for node in violation["nodes"]][:3]
                violations.append(f"{size[0]} {scheme}: {violation['id']} {targets}")
    page.emulate_media(color_scheme="light")
    return violations
