"""Choice of a plan: a published one, or a file as text."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms

from botmeter.billing.plan import Plan
from botmeter.billing.plan_sentences import plan_sentences, source_sentence
from botmeter.billing.plan_text import plan_as_toml, plan_from_text
from botmeter.billing.shipped_plans import shipped_plan, shipped_plans
from botmeter.domain.errors import TooMuch
from botmeter.domain.reason import REASON_CHARACTERS_MAX
from botmeter.web.day_field import DayField
from botmeter.web.form_errors import form_errors

# Ten times the longest shipped plan, since it is part of the URL.
_TEXT_LENGTH_MAX: Final = 6_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """Terms in words; `source` is empty unless the price is published."""

    sentences: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedPlan:
    """Published plan to choose."""

    label: str
    detail: str
    href: str


class PlanForm(forms.Form):
    """Published or own plan."""

    plan = forms.ChoiceField(
        label="Published plan",
        required=False,
        choices=lambda: [("", "–"), *((each.plan.name, plan_label(each.plan)) for each in shipped_plans())],
        error_messages={"invalid_choice": "Unknown plan ‘%(value)s’. Choose one from the menu."},
    )
    text = forms.CharField(
        label="Own plan (TOML or JSON)",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "maxlength": _TEXT_LENGTH_MAX}),
        help_text="Takes precedence over a published plan, whose file its preview shows.",
    )
    chosen: Plan | None = None

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean() or self.cleaned_data
        name, own = fields.get("plan", ""), fields.get("text", "")
        with form_errors(self, fields={"plan_text_too_long": "text", "plan_invalid": "text"}):
            if len(own) > _TEXT_LENGTH_MAX:
                raise TooMuch(
                    "plan_text_too_long",
                    f"The plan has {len(own):,} characters; this page accepts {_TEXT_LENGTH_MAX:,}. Use "
                    "`botmeter plan set` for longer ones.",
                )
            if own.strip():
                self.chosen = plan_from_text(own)
            elif name:
                self.chosen = shipped_plan(name).plan
        return fields


class StartForm(forms.Form):
    """Start of a plan."""

    from_on = DayField(label="In force from")
    reason = forms.CharField(label="Note", required=False, max_length=REASON_CHARACTERS_MAX)


class WithdrawalForm(forms.Form):
    """Plan that has not taken effect, to withdraw."""

    term = forms.TypedChoiceField(label="Plan", coerce=int)
    reason = forms.CharField(label="Reason", max_length=REASON_CHARACTERS_MAX)

    def __init__(self, *arguments: Any, choices: list[tuple[int, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["term"].choices = choices  # type: ignore[attr-defined]


def terms_in_words(plan: Plan) -> PlanTerms:
    """Terms of a plan."""
    return PlanTerms(sentences=plan_sentences(plan), source=source_sentence(plan))


def short_title(plan: Plan) -> str:
    """Title without the day and kind of its source."""
    return plan.title.partition(", as of")[0].partition(", from a secondary")[0]


def plan_label(plan: Plan) -> str:
    """Name a plan with its title: `lex.request: Amazon Lex, a text request`."""
    title = short_title(plan)
    for possessive in ("'s", "'"):
        title = title.replace(f"{possessive} published price for ", ", ")
    return f"{plan.name}: {title}" if title else plan.name


def plan_file(plan: Plan) -> str:
    """Plan as a file: a published one with its comments."""
    shipped = next((each.text for each in shipped_plans() if each.plan == plan), None)
    return shipped or plan_as_toml(plan)
