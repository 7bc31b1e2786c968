"""Cost of a cycle at its end, from the forecast of its sessions."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CostForecast:
    """Total of a cycle at its end, as expected and for the 80 % band; a straight line has none."""

    expected: Decimal
    low: Decimal | None = None
    high: Decimal | None = None
