"""A statement with every kind of line, and its sessions, small enough to check with a pencil."""

import json
from itertools import cycle, islice
from typing import Any

import pyarrow as pa

DAY_US = 86_400_000_000
START_US = 1_790_812_800_000_000  # 1 Oct 2026 UTC

CHARGED_NOTHING = ("stopped", "void", "test", "preview_free")
FUNDINGS = (
    *["allowance"] * 4,
    *["pack 1"] * 10,
    *["pack 2"] * 10,
    *["beyond 1"] * 5,
    *["beyond 2"] * 3,
    *["pack 3"] * 2,
    *CHARGED_NOTHING,
)
OPENINGS = (("orders", "web"), ("delivery", "web"), ("orders", "whatsapp"), (None, "email"))


def made_sessions() -> pa.Table:
    """The statement's list: seven sessions a day, by four bots and channels in turn."""
    openings = list(islice(cycle(OPENINGS), len(FUNDINGS)))
    return pa.table(
        {
            "meter": pa.array([0] * len(FUNDINGS), pa.int32()),
            "opening_key": pa.array(range(len(FUNDINGS)), pa.uint64()),
            "started_at": pa.array([START_US + at * DAY_US // 7 for at in range(len(FUNDINGS))], pa.int64()),
            "bot_id": pa.array([bot_id for bot_id, _ in openings], pa.string()),
            "channel": pa.array([channel for _, channel in openings], pa.string()),
            "funding": pa.array(FUNDINGS, pa.string()),
        }
    )


def made_document(**changes: Any) -> dict[str, Any]:
    """The statement: fee, three packs of ten, two tiers, tax of 19 %, an adjustment, a credit carried here."""
    return {
        "format": "botmeter.statement/1",
        "number": "ACME-000002",
        "account": "acme",
        "title": "Acme GmbH",
        "cycle": _cycle("2026-10-01", "2026-11-01", last_day="2026-10-31"),
        "closed_at": "2026-11-04T00:00:00Z",
        "closed_by": "ann@example.com",
        "software": "1.0.0",
        "plans": ["example.graduated@1"],
        "policies": ["freshchat.session@1"],
        "plan_title": "An example",
        "currency": "USD",
        "lines": [
            _line("fee", "Fee", unit="cycle", quantity="1", unit_price="10.00", amount="10.00", meter=None),
            _line("purchase", "Packs of 10 sessions", unit="packs", quantity="3", unit_price="49.00", amount="147.00"),
            _line("beyond", "Sessions 1–5", quantity="5", unit_price="0.95", amount="4.75", tier=1),
            _line("beyond", "Sessions from 6", quantity="3", unit_price="0.8500", amount="2.55", tier=2),
            _line("minimum", "Top-up to the minimum", unit="cycle", quantity="1", amount="0.00", meter=None),
            _line("adjustment", "ACME-000001: Sessions", unit="adjustment", quantity="1", amount="2.00", meter=None)
            | {"of": "ACME-000001", "cycle_start": "2026-09-01T00:00:00Z"},
            _line("carried", "Credit from ACME-000001", unit="credit", quantity="1", amount="-5.00", meter=None),
        ],
        "subtotal": "166.30",
        "tax": {"rate": "0.19", "taxable": "164.30", "amount": "31.22"},
        "total": "192.90",
        "carried_forward": "0.00",
        "grants": [
            _grant("allowance", 1, units="4", used="4"),
            _grant("pack", 1, units="10", used="10"),
            _grant("pack", 2, units="10", used="10"),
            _grant("pack", 3, units="10", used="2", lapsed="8"),
        ],
        "usage": {
            "sessions": 38,
            "by_funding": {"allowance": 4, "pack": 22, "beyond": 8, **dict.fromkeys(CHARGED_NOTHING, 1)},
        },
        "shares": {
            "bots": [
                {"bot_id": "orders", "bot_name": "Order bot", "sessions": 19, "amount": "57.57"},
                {"bot_id": "delivery", "bot_name": "配送", "sessions": 10, "amount": "29.86"},
                {"bot_id": None, "bot_name": None, "sessions": 9, "amount": "27.67"},
            ],
            "channels": [{"channel": "web", "sessions": 20, "amount": "60.00"}],
            "cost_centres": [{"cost_centre": "", "sessions": 38, "amount": "115.10"}],
            "unattributed": [{"kind": "fee", "amount": "10.00"}, {"kind": "unused_packs", "amount": "39.20"}],
        },
        "adjustments": [_adjustment()],
        "sessions": {"count": 38, "sha256": "5" * 64},
        "previous": "1" * 64,
        **changes,
    }


def document_bytes(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _cycle(first_day: str, end_day: str, *, last_day: str) -> dict[str, str]:
    bounds = {"start": f"{first_day}T00:00:00Z", "end": f"{end_day}T00:00:00Z"}
    return {**bounds, "first_day": first_day, "last_day": last_day, "timezone": "UTC"}


def _line(kind: str, label: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "label": label, "meter": 0, "tier": None, "unit": "sessions", "unit_price": None, **fields}


def _grant(kind: str, number: int, *, units: str, used: str, lapsed: str = "0") -> dict[str, Any]:
    price = "49.00" if kind == "pack" else "0"
    span = {"from": "2026-10-01T00:00:00Z", "expires": "2026-11-01T00:00:00Z"}
    own = {"kind": kind, "meter": 0, "number": number, "price": price, "packs": 1 if kind == "pack" else None}
    return {**own, "units": units, "before": "0", "used": used, "lapsed": lapsed, "left": "0", **span}


def _adjustment() -> dict[str, Any]:
    change = {"kind": "beyond", "meter": 0, "tier": 1, "label": "Sessions 1–5", "unit_price": "1.00"}
    opened = {"opening_key": "99", "started_at": "2026-09-07T08:00:00Z", "meter": 0, "bot_id": "delivery"}
    return {
        "of": "ACME-000001",
        "cycle": _cycle("2026-09-01", "2026-10-01", last_day="2026-09-30"),
        "lines": [{**change, "before": "10.00", "after": "12.00", "difference": "2.00"}],
        "tax": {"rate": "0.19", "before": "1.90", "after": "2.28", "difference": "0.38"},
        "difference": "2.38",
        "sessions": [
            {
                **opened,
                "channel": channel,
                "change": "added",
                "reason": "late",
                "funding": "beyond 1",
                "funding_before": "none",
            }
            for channel in ("web", "whatsapp")
        ],
        "changes": [{"change": "added", "reason": "late", "count": 2}],
        "moved_count": 3,
        "list": {"count": 5, "sha256": "7" * 64},
    }
