"""`policy list | show | check | set`: the rules that turn events into sessions."""

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

if TYPE_CHECKING:
    from botmeter.metering.preset import Preset

commands = command_group("policy", "The rules that turn events into sessions.")

Named = Annotated[
    str,
    Argument(
        metavar="NAME|FILE",
        help="A published rule, or a TOML or JSON file; - is stdin.",
        show_default=False,
        autocompletion=policies_starting,
    ),
]


@commands.command("list", epilog=examples(("", "botmeter policy list"), ("", "botmeter policy list --format csv")))
def list_policies(form: options.Form = "table") -> None:
    """List the published rules of the industry."""
    from botmeter.metering.preset import presets

    rows = [
        {
            "policy": each.name,
            "title": each.title,
            # The day stands in a column of its own.
            "rule": each.title.partition(", as of")[0].replace("published rule for ", ""),
            "seen_on": str(each.seen_on),
            "confidence": each.confidence,
            "source": each.source,
        }
        for each in presets()
    ]
    if form == "table":
        show_rows(("policy", "rule", "seen_on"), rows, form=form)
        say("`botmeter policy show NAME` says where a rule was read and what it assumes")
    else:
        show_rows(("policy", "title", "seen_on", "confidence", "source"), rows, form=form)


@commands.command("show", epilog=examples(("", "botmeter policy show freshchat.session")))
def show_policy(
    name: Named, form: Annotated[Literal["toml", "json"], Option("--format", help="How stdout is written.")] = "toml"
) -> None:
    """Show a policy as a file.

    For a published rule also where it was read, and what it assumes.
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
    """Check that a policy can be.

    If it can not, the sentence on stderr says what is wrong with it.
    """
    policy = policy_named(name)
    say(f"{policy.label} is a policy that can be")


@commands.command(
    "set",
    epilog=examples(
        ("From tomorrow on:", "botmeter policy set kommunicate.mau --account acme"),
        (
            "From a day on, sessions metered again:",
            "botmeter policy set my-rule.toml -a acme --from 2026-11-01 --remeter",
        ),
    ),
)
def set_policy_of_account(
    name: Named,
    account: options.AccountName,
    first: Annotated[
        str | None,
        Option(
            "--from", metavar="DATE", help="The UTC day from which it holds. Default: tomorrow.", show_default=False
        ),
    ] = None,
    remeter: Annotated[
        bool,
        Option("--remeter", help="Allow a day that is not in the future: sessions are decided again, and restated."),
    ] = False,
    data: options.Data = None,
) -> None:
    """Put a policy in force from a UTC midnight on.

    A session keeps the policy under which it opened. For a day that has begun already, sessions have
    to be metered again, which --remeter asks for; what changes is recorded as restated.
    """
    from datetime import timedelta

    from botmeter.domain.instant import now_us
    from botmeter.domain.period import day_from_text, day_of_us
    from botmeter.ledger.policies import changes_past, set_policy

    policy, now = policy_named(name), now_us()
    from_on = day_of_us(now) + timedelta(days=1) if first is None else day_from_text(first)
    if changes_past(from_on, now_us=now) and not remeter:
        told = (
            f"{from_on} is not in the future, so sessions that were counted would change; add --remeter if they shall."
        )
        raise Refused("remeter_needed", told)
    with opened_ledger(data, account, purpose="botmeter policy set") as ledger:
        set_policy(ledger, policy, from_on=from_on, now_us=now)
        terms = schedule_rows(ledger.schedule)
    show_rows(("policy", "from"), terms, form="table")


def _about(preset: "Preset") -> str:
    screen = stdout_screen()
    said = [preset.title, f"Read on {preset.seen_on} ({preset.confidence}): {preset.source}"]
    said += [f"Assumes: {assumption}" for assumption in preset.assumptions]
    if preset.needed_fields:
        said.append(f"Needs: {', '.join(preset.needed_fields)}")
    lines = [line for each in said for line in screen.paragraph(each, indent="# ")]
    return screen.plain("\n".join(lines)) + "\n\n"
