"""Columns of a FOCUS export, in order."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import pyarrow as pa

_COST: Final = pa.decimal128(38, 4)
_QUANTITY: Final = pa.decimal128(38, 6)
_INSTANT: Final = pa.timestamp("us", "UTC")

COST_COLUMNS: Final = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")

MANDATORY: Final = (
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd"),
    *("BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd"),
    *("ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity"),
    *("PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
)
"""Columns that FOCUS 1.2 makes mandatory."""
_FURTHER: Final = (
    *("ChargeFrequency", "ConsumedQuantity", "ConsumedUnit", "InvoiceId", "PricingCategory", "ResourceId"),
    *("ResourceName", "ResourceType", "SubAccountId", "SubAccountName"),
    *("x_channel", "x_funding", "x_meter", "x_plan", "x_policy", "x_statement_hash"),
)


def _type_of(column: str) -> pa.DataType:
    if column in COST_COLUMNS:
        return _COST
    if column.endswith("Quantity"):
        return _QUANTITY
    if column.startswith(("BillingPeriod", "ChargePeriod")):
        return _INSTANT
    return pa.int32() if column == "x_meter" else pa.string()


FOCUS_SCHEMA: Final = pa.schema([pa.field(column, _type_of(column)) for column in (*MANDATORY, *_FURTHER)])
"""One row per charge. Costs are in `BillingCurrency`, instants in UTC; what starts with `x_` is Botmeter's own."""

Category = Literal["Usage", "Purchase", "Tax", "Credit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Values of one row beside those that all rows of a statement share.

    Attributes:
        period_us: Half-open, in µs UTC.
        quantity: Of `unit`; None: a tax or credit.
    """

    category: Category
    description: str
    billed: Decimal
    effective: Decimal
    period_us: tuple[int, int]
    frequency: Literal["One-Time", "Recurring", "Usage-Based"] = "One-Time"
    quantity: Decimal | None = None
    unit: str | None = None
    resource: tuple[str, str, str] | None = None
    cost_centre: str = ""
    channel: str | None = None
    funding: str | None = None
    meter: int | None = None
    is_correction: bool = False
