"""Admin → Settings → Policy: simulate and set a policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse

from botmeter.domain import text
from botmeter.domain.errors import Refused, TooMuch, Unavailable
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.period import day_of_us
from botmeter.ledger.policies import is_in_the_past, set_policy
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.restatements import Cause, restatements
from botmeter.metering.policy import Policy, in_force
from botmeter.metering.policy_text import policy_as_toml, policy_from_text
from botmeter.metering.preset import Preset, preset, presets
from botmeter.people.audit import Action, record
from botmeter.people.rights import Right
from botmeter.reports.policy_sentence import policy_sentence
from botmeter.reports.query import usage_query
from botmeter.reports.simulate import REASONS, Simulation, simulate
from botmeter.web.access import Visit, for_member
from botmeter.web.entry_page import add_problem
from botmeter.web.layout import Crumb, Frame, frame
from botmeter.web.notices import Notice, add_notice, pop_notice
from botmeter.web.rendering import rendered

# Ten times a policy of every key, since it is part of the URL.
_TEXT_LENGTH_MAX: Final = 4_000


class InForceForm(forms.Form):
    """Start of a policy."""

    from_on = forms.DateField(
        label="In force from (UTC)",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    remeter = forms.BooleanField(
        label="Meter past sessions again from that day and record changes as restatements",
        required=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetChoice:
    """A published policy."""

    name: str
    title: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason for differences between policies."""

    sentence: str
    count: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Effect of the policy on the last 30 days.

    Attributes:
        more: Sessions opened only by this policy, by reason.
        fewer: Sessions opened only by the current one.
    """

    days: str
    present_label: str
    present_count: str
    chosen_count: str
    difference: str
    more: tuple[Reason, ...]
    fewer: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPage:
    """A policy and its simulated effect; `own_text` is a custom policy as entered."""

    frame: Frame
    crumbs: tuple[Crumb, ...]
    notice: Notice | None
    choices: tuple[PresetChoice, ...]
    own_text: str
    problem: str
    label: str
    sentence: str
    definition: str
    about: tuple[str, ...]
    effect: Effect | None
    pairs: tuple[tuple[str, str], ...]
    form: InForceForm | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    name: str
    own_text: str
    policy: Policy | None
    problem: str

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return (("policy", self.name), ("text", self.own_text))


@for_member(Right.CHANGE_SETTINGS, posts=Right.CHANGE_SETTINGS)
def policy_change(visit: Visit) -> HttpResponse:
    """Show a policy's effect; put it in force on POST."""
    is_sent = visit.request.method == "POST"
    chosen = _chosen(visit.request.POST if is_sent else visit.request.GET)
    today_on = day_of_us(present_us())
    form = InForceForm(visit.request.POST if is_sent else None, initial={"from_on": today_on + timedelta(days=1)})
    if is_sent and chosen.policy is not None and form.is_valid():
        try:
            notice = _put_in_force(visit, chosen.policy, sent=form.cleaned_data)
        except Refused as problem:
            add_problem(form, problem, fields={"remeter_needed": "from_on", "policy_day_invalid": "from_on"})
        else:
            add_notice(visit.request, notice)
            return HttpResponseRedirect(reverse("settings", args=(visit.account,)))
    return _page(visit, chosen, form=form)


def _chosen(given: QueryDict) -> _Chosen:
    name, own_text = given.get("policy", "")[:100], given.get("text", "")
    policy, problem = None, ""
    try:
        if own_text.strip():
            if len(own_text) > _TEXT_LENGTH_MAX:
                raise TooMuch(
                    "policy_text_too_long",
                    f"The policy has {len(own_text):,} characters; this page accepts {_TEXT_LENGTH_MAX:,}. Use "
                    "`botmeter policy set` for longer ones.",
                )
            policy = policy_from_text(own_text)
        elif name:
            policy = preset(name).policy
    except Refused as refused:
        problem = refused.message
    return _Chosen(name=name, own_text=own_text, policy=policy, problem=problem)


def _put_in_force(visit: Visit, policy: Policy, *, sent: dict[str, Any]) -> Notice:
    now_us = present_us()
    from_on: date = sent["from_on"]
    is_past = is_in_the_past(from_on, now_us=now_us)
    if is_past and not sent["remeter"]:
        raise Refused(
            "remeter_needed",
            f"{from_on} is not in the future, so counted sessions would change. Select the checkbox to confirm.",
        )
    with visit.writing() as ledger:
        before = ledger.schedule[-1].policy.label
        set_policy(ledger, policy, from_on=from_on, now_us=now_us)
        consequence = _change_sentence(ledger, now_us=now_us) if is_past else "The present policy applies until then."
    record(
        Action.POLICY_SET,
        request=visit.request,
        user=visit.user,
        account=visit.account,
        policy=policy.label,
        before=before,
        from_day=from_on.isoformat(),
        changed=consequence,
    )
    return Notice(fact=f"{policy.label} is in force from {text.day_text(from_on)}.", consequence=consequence)


def _change_sentence(ledger: ReadableLedger, *, now_us: int) -> str:
    changed = [
        each for each in restatements(ledger) if each.recorded_at == now_us and each.cause is Cause.POLICY_CHANGE
    ]
    if not changed:
        return "No past day changed."
    before, after = (sum(getattr(each, name) for each in changed) for name in ("before_count", "after_count"))
    return (
        f"{text.counted(len(changed), 'day')} restated: {text.count_text(before)} sessions before, "
        f"{text.count_text(after)} now."
    )


def _page(visit: Visit, chosen: _Chosen, *, form: InForceForm) -> HttpResponse:
    policy = chosen.policy
    about = next((each for each in presets() if each.policy == policy), None)
    page = PolicyPage(
        frame=frame(visit, title="Change policy", current="settings"),
        crumbs=(Crumb(label="Settings", href=reverse("settings", args=(visit.account,))),),
        notice=pop_notice(visit.request),
        choices=tuple(
            PresetChoice(name=each.name, title=_title(each), is_current=each.name == chosen.name) for each in presets()
        ),
        own_text=chosen.own_text,
        problem=chosen.problem,
        label=policy.label if policy else "",
        sentence=policy_sentence(policy) if policy else "",
        definition=policy_as_toml(policy) if policy else "",
        about=(f"{about.title}. Read at {about.source}", *about.assumptions) if about else (),
        effect=_effect(visit, policy) if policy and visit.request.method != "POST" else None,
        pairs=chosen.pairs,
        form=form if policy else None,
    )
    return rendered(visit.request, "settings_policy.html", page=page)


def _title(about: Preset) -> str:
    return about.title.partition(", as of")[0].replace("published rule for ", "")


def _effect(visit: Visit, policy: Policy) -> Effect:
    now_us = present_us()
    with _one_at_a_time(), visit.reading() as ledger:
        current = in_force(ledger.schedule, at_us=now_us).policy
        asked = usage_query(ledger.account, now_us=now_us)
        return _effect_of(simulate(ledger, asked, policies=[current, policy]))


def _effect_of(simulation: Simulation) -> Effect:
    present, chosen = simulation.outcomes
    [difference] = simulation.differences
    return Effect(
        days=text.days_text(simulation.query.period),
        present_label=present.policy.label,
        present_count=text.count_text(present.session_count),
        chosen_count=text.count_text(chosen.session_count),
        difference=text.signed(difference.session_count, decimals=0),
        more=_reasons(difference.more),
        fewer=_reasons(difference.fewer),
    )


def _reasons(counts: dict[str, int]) -> tuple[Reason, ...]:
    return tuple(
        Reason(sentence=REASONS[reason], count=text.count_text(count)) for reason, count in counts.items() if count
    )


_simulating: Final = threading.Lock()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Limit simulations to one: a large account takes seconds of a core."""
    if not _simulating.acquire(blocking=False):
        raise Unavailable("simulation_running", "Another simulation is running. Try again in a moment.")
    try:
        yield
    finally:
        _simulating.release()
