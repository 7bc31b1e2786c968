"""Retailer's notes on days of its charts."""

from datetime import date

from botmeter.demo.retailer import OUTAGES, campaigns


def demo_notes(first_on: date, last_on: date) -> list[tuple[date, str]]:
    """Days of campaigns and outages with their notes, from `first_on` to `last_on`."""
    starting = [campaign for year in range(first_on.year, last_on.year + 1) for campaign in campaigns(year)]
    notes = [(campaign.first_on, _title(campaign.name)) for campaign in starting]
    notes += [(outage.on, "Outage of the bots") for outage in OUTAGES]
    return sorted(note for note in notes if first_on <= note[0] <= last_on)


def _title(name: str) -> str:
    """Title of a campaign: `Black Friday` for `black-friday-2026`."""
    words = name.split("-")[:-1]
    return " ".join(words).capitalize() if words[-1] in {"sale", "season"} else " ".join(words).title()
