"""Grain and charge of the underlying data in an address."""

from collections.abc import Mapping
from typing import Final

from django.http import QueryDict

from botmeter.domain.errors import Refused
from botmeter.reports.row_options import ChargeFilter, Grain
from botmeter.web.report_address import choice

GROUPS: Final[Mapping[str, Grain]] = {"session": Grain.SESSION, "conversation": Grain.ROW}
"""Values of `group`, the parameter before there were four grains; its `conversation` lists rows."""


def read_charge(parameters: QueryDict) -> ChargeFilter | None:
    """Parse `charge`.

    Raises:
        Refused: `parameter_invalid`.
    """
    return choice(parameters, "charge", choices=ChargeFilter)


def read_grain(parameters: QueryDict, *, default: Grain) -> Grain:
    """Parse `grain`, or `group` of older addresses.

    Raises:
        Refused: `parameter_invalid`, `arguments_clash`.
    """
    grain, group = choice(parameters, "grain", choices=Grain), parameters.get("group")
    if not group:
        return grain or default
    if grain is not None:
        raise Refused("arguments_clash", "Use either `grain` or `group`, not both.")
    if group not in GROUPS:
        raise Refused("parameter_invalid", f"Unknown value {group[:40]!r} for group. Use one of {', '.join(GROUPS)}.")
    return GROUPS[group]
