"""What the shell offers when Tab is pressed: names of accounts and policies. Opens no ledger and never fails."""

from typing import TYPE_CHECKING

from typer import Context

from botmeter.cli.data_dir import account_names, data_folder

if TYPE_CHECKING:
    from pathlib import Path


def accounts_starting(context: Context, incomplete: str) -> list[str]:
    """The accounts of the data folder in use whose names start so."""
    asked: Path | None = context.params.get("data")
    try:
        return [name for name in account_names(data_folder(asked)) if name.startswith(incomplete.lower())]
    except OSError:
        return []


def zones_starting(incomplete: str) -> list[str]:
    """The time zones whose names start so."""
    from zoneinfo import available_timezones

    return sorted(name for name in available_timezones() if name.lower().startswith(incomplete.lower()))


def policies_starting(incomplete: str) -> list[tuple[str, str]]:
    """The published rules whose names start so, each with its title."""
    from botmeter.metering.preset import presets

    return [(preset.name, preset.title) for preset in presets() if preset.name.startswith(incomplete)]
