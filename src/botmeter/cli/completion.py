"""Shell completion. Opens no ledger and never fails."""

from typing import TYPE_CHECKING

from typer import Context

from botmeter.cli.data_dir import data_folder
from botmeter.ledger.folder_files import account_names

if TYPE_CHECKING:
    from pathlib import Path


def accounts_starting(context: Context, incomplete: str) -> list[str]:
    """Accounts that start with the text."""
    data: Path | None = context.params.get("data")
    try:
        return [name for name in account_names(data_folder(data)) if name.startswith(incomplete.lower())]
    except OSError:
        return []


def zones_starting(incomplete: str) -> list[str]:
    """Time zones that start with the text."""
    from zoneinfo import available_timezones

    return sorted(name for name in available_timezones() if name.lower().startswith(incomplete.lower()))


def policies_starting(incomplete: str) -> list[tuple[str, str]]:
    """Presets that start with the text, with titles."""
    from botmeter.metering.preset import presets

    return [(preset.name, preset.title) for preset in presets() if preset.name.startswith(incomplete)]


def mappings_starting(incomplete: str) -> list[tuple[str, str]]:
    """Ready-made mappings that start with the text, with titles."""
    from botmeter.sources.mapping.ready_made import ready_made_mappings

    return [(mapping.name, mapping.title) for mapping in ready_made_mappings() if mapping.name.startswith(incomplete)]


def plans_starting(incomplete: str) -> list[tuple[str, str]]:
    """Shipped plans that start with the text, with titles."""
    from botmeter.billing.shipped_plans import shipped_plans

    return [(each.plan.name, each.plan.title) for each in shipped_plans() if each.plan.name.startswith(incomplete)]
