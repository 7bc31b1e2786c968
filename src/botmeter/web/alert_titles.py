"""Titles and first sentences of crossed levels."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from botmeter.billing.alerts.alert import AlertKind, LevelUnit, StatementMoment, Target
from botmeter.domain.instant import us_from_text
from botmeter.domain.money_text import money_text, units_text
from botmeter.domain.text import counted, day_text, instant_text
from botmeter.ledger.billing.budgets import BudgetScope
from botmeter.web.alert_words import level_label, scope_label

Facts = Mapping[str, Any]
Words = tuple[str, str]
"""Title and sentence."""


def words_of(facts: Facts) -> Words:
    """Title, also the subject, and the sentence below it."""
    return _WORDS[AlertKind(facts["kind"])](facts)


def amount_text(facts: Facts, value: str) -> str:
    """Format an amount in the unit of the facts."""
    if facts.get("amount_unit") == "money" and facts.get("currency"):
        return money_text(Decimal(value), facts["currency"])
    if facts.get("amount_unit") in ("sessions", "packs"):
        return counted(int(Decimal(value)), facts["amount_unit"][:-1])
    return units_text(Decimal(value))


def day_of(facts: Facts, key: str = "on") -> str:
    """Format a day of the facts; empty without one."""
    return day_text(date.fromisoformat(facts[key])) if facts.get(key) else ""


def level_of(facts: Facts) -> str:
    """Format the crossed level."""
    return level_label(Decimal(facts["level"]), LevelUnit(facts["unit"]), currency=facts.get("currency", ""))


def is_over(facts: Facts) -> bool:
    """Return whether nothing is left."""
    return facts.get("left") is not None and Decimal(facts["left"]) <= 0


def _usage(facts: Facts) -> Words:
    if is_over(facts):
        sentence = f"The {amount_text(facts, facts['limit'])} sessions of allowance and packs are used up."
        return ("Allowance and packs are used up", sentence)
    on = day_of(facts)
    end = f"At the present pace they end on {on}." if on else "At the present pace they last until the cycle ends."
    return (f"{level_of(facts)} of allowance and packs used", f"{_used_and_left(facts)} {end}")


def _used_and_left(facts: Facts) -> str:
    used, limit, left = (amount_text(facts, facts[name]) for name in ("used", "limit", "left"))
    return f"{used} of {limit} are used, {left} are left."


def _forecast(facts: Facts) -> Words:
    match Target(facts["target"]):
        case Target.ALLOWANCE:
            what, limit = "allowance and packs", "the allowance and packs"
        case Target.BUDGETS:
            what = limit = _budget_name(facts)
        case Target.MONEY | Target.SESSIONS:
            what = limit = f"{level_of(facts)}{_of(facts)}"
    expected = amount_text(facts, facts["expected"]) if facts.get("expected") else ""
    on = day_of(facts)
    sentence = f"{amount_text(facts, facts['used'])} until now, {expected} expected at the end."
    if is_over(facts):
        return (f"{_capital(what)} crossed", sentence)
    return (f"{_capital(what)} will be crossed{f' on {on}' if on else ''}", f"At the present pace, {limit}: {sentence}")


def _budget(facts: Facts) -> Words:
    name = _budget_name(facts)
    used, limit = (amount_text(facts, facts[key]) for key in ("used", "limit"))
    if not is_over(facts):
        return (f"{level_of(facts)} of the {name} used", f"{used} of {limit} is used.")
    brake = " Bots that ask before they open a session are told that none is allowed."
    return (f"{_capital(name)} reached", f"{used} is used; the limit is {limit}.{brake if _is_brake(facts) else ''}")


def _is_brake(facts: Facts) -> bool:
    return bool(facts.get("budget", {}).get("is_brake"))


def _budget_name(facts: Facts) -> str:
    budget = facts["budget"]
    of = facts.get("bot_name") or _lower(scope_label(BudgetScope(budget["scope"]), budget["name"]))
    limit = f"{'brake' if budget['is_brake'] else 'budget'} of {amount_text(facts, facts['limit'])}"
    return f"{limit} for {of}" if of else limit


def _of(facts: Facts) -> str:
    scope = facts.get("scope")
    of = facts.get("bot_name") or (_lower(scope_label(BudgetScope(scope["scope"]), scope["name"])) if scope else "")
    return f" for {of}" if of else ""


def _lower(label: str) -> str:
    return f"{label[:1].lower()}{label[1:]}"


def _sessions(facts: Facts) -> Words:
    used = amount_text(facts, facts["used"])
    return (f"{level_of(facts)} reached{_of(facts)}", f"{used} in this cycle{_of(facts)} until now.")


def _money(facts: Facts) -> Words:
    used = amount_text(facts, facts["used"])
    return (f"Cost of {level_of(facts)} reached{_of(facts)}", f"The cycle has cost {used}{_of(facts)} until now.")


def _cap(facts: Facts) -> Words:
    used, limit = (amount_text(facts, facts[key]) for key in ("used", "limit"))
    if facts.get("stopped"):
        stopped = counted(facts["stopped"], "session")
        return ("Cap of the plan is reached", f"{used} of {limit} is used. {stopped} stopped, at no charge.")
    return (f"{level_of(facts)} of the plan's cap used", f"{used} of {limit} is used. Then sessions are stopped.")


def _spike(facts: Facts) -> Words:
    count, usual = counted(int(facts["used"]), "session"), units_text(Decimal(facts["usual"]))
    if not Decimal(facts["usual"]):
        return (
            f"Sessions in an hour that usually has none{_of(facts)}",
            f"{count} in this hour{_of(facts)}; there are usually none in this hour of the week.",
        )
    times = units_text(Decimal(facts["value"]).quantize(Decimal("0.1")))
    return (
        f"{times} times the usual sessions{_of(facts)}",
        f"{count} in this hour{_of(facts)}; {usual} are usual in this hour of the week.",
    )


def _silent(facts: Facts) -> Words:
    hours = units_text(Decimal(facts["value"]).quantize(Decimal(1)))
    return (f"Source {facts['subject']} is silent", f"It has delivered nothing for {hours} hours.")


def _quarantine(facts: Facts) -> Words:
    count = counted(int(Decimal(facts["value"])), "event")
    return (f"{count} refused today", f"{count} are in quarantine since midnight UTC, and count in no report.")


def _delay(facts: Facts) -> Words:
    seconds = counted(int(Decimal(facts["value"])), "second")
    return (
        "Metering is delayed",
        f"The oldest event that is not metered yet came {seconds} ago. It is stored, and counts later.",
    )


def _packs(facts: Facts) -> Words:
    left = amount_text(facts, facts["left"])
    return (f"{left} sessions lapse on {day_of(facts)}", f"{left} sessions of packs are left. They lapse unused then.")


def _recharges(facts: Facts) -> Words:
    used, limit = facts["used"], facts["limit"]
    bought = f"{used} of at most {limit} packs of this cycle were bought by recharge."
    if Decimal(facts["level"]) < 100:
        return (f"{level_of(facts)} of recharges used", bought)
    return ("Most recharges reached", f"{bought} No more are bought before the next cycle.")


def _statement(facts: Facts) -> Words:
    month, number = day_of(facts, "statement_day"), facts.get("number", "")
    match StatementMoment(facts["level"]):
        case StatementMoment.PRELIMINARY:
            return ("A statement is preliminary", f"The cycle from {month} has ended. Look before it is closed.")
        case StatementMoment.CLOSED:
            return (f"Statement {number} is closed", f"It is of the cycle from {month}.")
        case StatementMoment.ADJUSTED:
            return (f"Statement {number} adjusts earlier cycles", "It has the differences, with sessions and reasons.")


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def as_of(facts: Facts) -> str:
    """Format the instant of the facts."""
    return f"{instant_text(us_from_text(facts['as_of']), seconds=False)} UTC"


_WORDS: Final[Mapping[AlertKind, Callable[[Facts], Words]]] = {
    AlertKind.USAGE: _usage,
    AlertKind.SESSIONS: _sessions,
    AlertKind.MONEY: _money,
    AlertKind.FORECAST: _forecast,
    AlertKind.BUDGET: _budget,
    AlertKind.CAP: _cap,
    AlertKind.SPIKE: _spike,
    AlertKind.SILENT_SOURCE: _silent,
    AlertKind.QUARANTINE: _quarantine,
    AlertKind.METERING_DELAY: _delay,
    AlertKind.PACKS_LAPSE: _packs,
    AlertKind.RECHARGES: _recharges,
    AlertKind.STATEMENT: _statement,
}
