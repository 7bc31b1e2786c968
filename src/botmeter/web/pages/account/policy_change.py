"""Admin → Settings → Policy."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect

from botmeter.domain import text
from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.instant import now_us as present_us
from botmeter.domain.period import day_of_us
from botmeter.ledger.policies import is_in_the_past, set_policy
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.restatements import Cause, restated_days
from botmeter.metering.policy import Policy, in_force
from botmeter.metering.policy_text import policy_as_toml, policy_from_text
from botmeter.metering.preset import preset, presets
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.reports.policy_sentence import policy_sentence
from botmeter.reports.query import usage_query
from botmeter.reports.simulate import REASONS, simulate
from botmeter.web.access import Visit, for_member
from botmeter.web.day_field import DayField
from botmeter.web.form_errors import form_errors
from botmeter.web.layout import Frame, frame, section_links
from botmeter.web.notices import Notice, add_notice
from botmeter.web.rendering import rendered
from botmeter.web.server_state import server_state

# Ten times a policy of every key, since it is part of the URL.
_TEXT_LENGTH_MAX: Final = 4_000


def _published_policies() -> list[tuple[str, str]]:
    titles = {each.name: each.title.partition(", as of")[0].replace("published rule for ", "") for each in presets()}
    return [("", "–"), *((name, f"{name}: {title}") for name, title in titles.items())]


class PolicyForm(forms.Form):
    """Published or custom policy."""

    policy = forms.ChoiceField(
        label="Published policy",
        required=False,
        choices=_published_policies,
        error_messages={"invalid_choice": "Unknown policy ‘%(value)s’. Choose one from the menu."},
    )
    text = forms.CharField(
        label="Custom policy (TOML)",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "maxlength": _TEXT_LENGTH_MAX}),
        help_text="Takes precedence over a published policy.",
    )
    chosen: Policy | None = None

    def clean(self) -> None:
        name, custom = self.cleaned_data.get("policy", ""), self.cleaned_data.get("text", "")
        with form_errors(self, fields={"policy_text_too_long": "text", "policy_invalid": "text"}):
            if len(custom) > _TEXT_LENGTH_MAX:
                raise TooMuch(
                    "policy_text_too_long",
                    f"The policy has {len(custom):,} characters; this page accepts {_TEXT_LENGTH_MAX:,}. Use "
                    "`botmeter policy set` for longer ones.",
                )
            if custom.strip():
                self.chosen = policy_from_text(custom)
            elif name:
                self.chosen = preset(name).policy


class InForceForm(forms.Form):
    """Start of a policy."""

    from_on = DayField(label="In force from (UTC)")
    remeter = forms.BooleanField(
        label="Meter past sessions again from that day and record changes as restatements",
        required=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Effect of the policy on the last 30 days.

    Attributes:
        more: Counts and reasons of sessions opened only by this policy.
        fewer: The same for the current one.
    """

    days: str
    current_label: str
    current_count: str
    count: str
    difference: str
    more: tuple[tuple[str, str], ...]
    fewer: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPage:
    """Policy and its simulated effect.

    Attributes:
        form: None without a policy, and for an account in a lake.
    """

    frame: Frame
    choice: PolicyForm
    label: str
    sentence: str
    definition: str
    about: tuple[str, ...]
    effect: Effect | None
    form: InForceForm | None
    is_in_lake: bool


@for_member(Right.CHANGE_SETTINGS, posts=Right.CHANGE_SETTINGS)
def policy_change(visit: Visit) -> HttpResponse:
    """Show a policy's effect; put it in force on POST."""
    is_post = visit.request.method == "POST"
    choice = PolicyForm((visit.request.POST if is_post else visit.request.GET) or None)
    policy = choice.chosen if choice.is_valid() else None
    tomorrow_on = day_of_us(present_us()) + timedelta(days=1)
    form = InForceForm(visit.request.POST if is_post else None, initial={"from_on": tomorrow_on})
    if policy is not None and form.is_valid():
        with form_errors(form, fields={"remeter_needed": "from_on", "policy_day_invalid": "from_on"}):
            add_notice(visit.request, _put_in_force(visit, policy, values=form.cleaned_data))
            return redirect("settings", visit.account)
    return _page(visit, choice, policy=policy, form=form)


def _put_in_force(visit: Visit, policy: Policy, *, values: dict[str, Any]) -> Notice:
    now_us = present_us()
    from_on: date = values["from_on"]
    is_past = is_in_the_past(from_on, now_us=now_us)
    if is_past and not values["remeter"]:
        raise Refused(
            "remeter_needed",
            f"{text.day_text(from_on)} is not in the future, so counted sessions would change. "
            "Select the checkbox to confirm.",
        )
    with visit.writing() as ledger:
        before = ledger.schedule[-1].policy.label
        set_policy(ledger, policy, from_on=from_on, now_us=now_us)
        consequence = _change_sentence(ledger, now_us=now_us) if is_past else "The current policy applies until then."
    visit.record(
        Action.POLICY_SET,
        policy=policy.label,
        before=before,
        from_day=from_on.isoformat(),
        changed=consequence,
    )
    return Notice(fact=f"{policy.label} is in force from {text.day_text(from_on)}.", consequence=consequence)


def _change_sentence(ledger: ReadableLedger, *, now_us: int) -> str:
    changed = [
        each for each in restated_days(ledger) if each.recorded_at == now_us and each.cause is Cause.POLICY_CHANGE
    ]
    if not changed:
        return "The numbers of past days are unchanged."
    before, after = (sum(getattr(each, name) for each in changed) for name in ("before_count", "after_count"))
    return (
        f"{text.counted(len(changed), 'day')} restated: {text.counted(before, 'session')} before, "
        f"{text.count_text(after)} now."
    )


def _page(visit: Visit, choice: PolicyForm, *, policy: Policy | None, form: InForceForm) -> HttpResponse:
    published = next((each for each in presets() if each.policy == policy), None)
    with visit.reading() as ledger:
        is_in_lake = ledger.lake is not None
    title = "Preview another policy" if is_in_lake else "Change policy"
    page = PolicyPage(
        frame=frame(visit, title=title, current="settings", crumbs=section_links(visit.account, "settings")),
        choice=choice,
        label=policy.label if policy else "",
        sentence=policy_sentence(policy) if policy else "",
        definition=policy_as_toml(policy) if policy else "",
        about=(f"{published.title}. Source: {published.source}", *published.assumptions) if published else (),
        effect=_effect(visit, policy) if policy and visit.request.method != "POST" else None,
        form=form if policy and not is_in_lake else None,
        is_in_lake=is_in_lake,
    )
    return rendered(visit.request, "settings_policy.html", page=page)


def _effect(visit: Visit, policy: Policy) -> Effect:
    now_us = present_us()
    with server_state(visit.request).simulations.turn(visit.account) as check, visit.reading() as ledger:
        policies = [in_force(ledger.schedule, at_us=now_us).policy, policy]
        query = usage_query(ledger.account, now_us=now_us)
        simulation = simulate(ledger, query, policies=policies, check=check)
    current, other = simulation.outcomes
    [difference] = simulation.differences
    return Effect(
        days=text.days_text(query.period),
        current_label=current.policy,
        current_count=text.count_text(current.session_count),
        count=text.count_text(other.session_count),
        difference=text.signed(difference.session_count, decimals=0),
        more=_reasons(difference.more),
        fewer=_reasons(difference.fewer),
    )


def _reasons(counts: dict[str, int]) -> tuple[tuple[str, str], ...]:
    return tuple((text.count_text(count), REASONS[reason]) for reason, count in counts.items() if count)
