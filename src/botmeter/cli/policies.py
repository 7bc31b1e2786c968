"""Commands of `policy`."""

from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.completion import policies_starting
from botmeter.cli.data_dir import opened_ledger
from botmeter.cli.output import say, show, show_json, show_rows
from botmeter.cli.policy_texts import policy_named, schedule_rows
from botmeter.cli.terminal import stdout_screen
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us
from botmeter.domain.period import day_from_text, day_of_us

if TYPE_CHECKING:
    from botmeter.metering.preset import Preset

commands = command_group("policy", "Policies: the rules that turn events into sessions.")

Named = Annotated[
    str,
    Argument(
        metavar="NAME|FILE", help="A preset, or a TOML or JSON file; - is stdin.", autocompletion=policies_starting
    ),
]


@commands.command("list", epilog=examples(("", "botmeter policy list"), ("", "botmeter policy list --format csv")))
def list_policies(form: options.Form = "table") -> None:
    """List the presets: published rules of the industry."""
    from botmeter.metering.preset import presets

    rows = [
        {
            "policy": each.name,
            "title": each.title,
            # The day has its own column.
            "rule": each.title.partition(", as of")[0].replace("published rule for ", ""),
            "seen_on": str(each.seen_on),
            "confidence": each.confidence,
            "source": each.source,
        }
        for each in presets()
    ]
    if form == "table":
        show_rows(("policy", "rule", "seen_on"), rows, form=form)
        say("`botmeter policy show NAME` shows the source and the assumptions of a preset")
    else:
        show_rows(("policy", "title", "seen_on", "confidence", "source"), rows, form=form)


@commands.command("show", epilog=examples(("", "botmeter policy show freshchat.session")))
def show_policy(
    name: Named, form: Annotated[Literal["toml", "json"], Option("--format", help="Output format.")] = "toml"
) -> None:
    """Show a policy as a file.

    A preset also shows its source and its assumptions.
    """
    from botmeter.metering.policy_text import policy_as_mapping, policy_as_toml
    from botmeter.metering.preset import presets

    policy = policy_named(name)
    if form == "json":
        show_json({"name": policy.name, "version": policy.version, **policy_as_mapping(policy)})
        return
    about = next((preset for preset in presets() if preset.policy == policy), None)
    show((_about(about) if about else "") + policy_as_toml(policy))


@commands.command("check", epilog=examples(("", "botmeter policy check my-rule.toml")))
def check_policy(name: Named) -> None:
    """Check a policy file.

    Errors are printed to stderr.
    """
    policy = policy_named(name)
    say(f"{policy.label} is valid")


@commands.command(
    "set",
    epilog=examples(
        ("From tomorrow on:", "botmeter policy set kommunicate.mau --account acme"),
        (
            "From a past day on, metering sessions again:",
            "botmeter policy set my-rule.toml -a acme --from 2026-11-01 --remeter",
        ),
    ),
)
def set_policy_of_account(
    name: Named,
    account: options.AccountName,
    first: Annotated[
        str | None,
        Option("--from", metavar="DATE", help="First UTC day of the policy. Default: tomorrow."),
    ] = None,
    remeter: Annotated[
        bool,
        Option("--remeter", help="Allow a day that is not in the future: meter again and record restatements."),
    ] = False,
    data: options.Data = None,
) -> None:
    """Set the policy of an account from a UTC midnight on.

    A session keeps the policy under which it opened. A day that is not in the future needs --remeter: sessions
    are metered again, and changed numbers are recorded as restatements.
    """
    from datetime import timedelta

    from botmeter.ledger.policies import is_in_the_past, set_policy

    policy, now = policy_named(name), now_us()
    from_on = day_of_us(now) + timedelta(days=1) if first is None else day_from_text(first)
    if is_in_the_past(from_on, now_us=now) and not remeter:
        sentence = (
            f"{from_on} is not in the future, so counted sessions would change. Add --remeter to meter them again."
        )
        raise Refused("remeter_needed", sentence)
    with opened_ledger(data, account) as ledger:
        set_policy(ledger, policy, from_on=from_on, now_us=now)
        rows = schedule_rows(ledger.schedule)
    show_rows(("policy", "from"), rows, form="table")


def _about(preset: "Preset") -> str:
    screen = stdout_screen()
    paragraphs = [preset.title, f"Read on {preset.seen_on} ({preset.confidence}): {preset.source}"]
    paragraphs += [f"Assumes: {assumption}" for assumption in preset.assumptions]
    if preset.needed_fields:
        paragraphs.append(f"Needs: {', '.join(preset.needed_fields)}")
    lines = [line for each in paragraphs for line in screen.paragraph(each, indent="# ")]
    return screen.plain("\n".join(lines)) + "\n\n"
