"""Numbers in the widgets of a page."""

from playwright.sync_api import Page


def values(page: Page, widget: str) -> list[int]:
    numbers: list[int] = page.eval_on_selector_all(
        f"[data-widget={widget}] [data-value]", "elements => elements.map(one => Number(one.dataset.value))"
    )
    return numbers


def headline(page: Page) -> int:
    [number] = values(page, "sessions-consumed")
    return number


def by_key(page: Page, widget: str, *, key: str) -> dict[str, int]:
    """A widget's numbers by day or month."""
    pairs = page.eval_on_selector_all(
        f"[data-widget={widget}] [data-{key}]",
        f"elements => elements.map(one => [one.dataset.{key}, Number(one.dataset.value)])",
    )
    return dict(pairs)


def by_name(page: Page, widget: str) -> dict[str, int]:
    """A ranked widget's numbers by name."""
    pairs = page.eval_on_selector_all(
        f"[data-widget={widget}] tr:has([data-value])",
        "elements => elements.map(one => [one.querySelector('th').innerText.trim(),"
        " Number(one.querySelector('[data-value]').dataset.value)])",
    )
    return dict(pairs)


def row_page_counts(page: Page) -> tuple[int, int]:
    """Sessions and rows counted on the rows page."""
    head = page.locator("h1")
    sessions = head.locator("[data-value]").get_attribute("data-value")
    rows = head.locator("[data-rows]").get_attribute("data-rows")
    return int(sessions or -1), int(rows or -1)


def active_filters(page: Page) -> list[str]:
    """Active filters, as text."""
    return [" ".join(text.split()) for text in page.locator(".chip.on").all_inner_texts()]
