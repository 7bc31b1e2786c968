"""Reference pages generated from the code: events, errors, commands, platforms, settings, webhook events.

`make docs` runs this. `tests/contract/test_docs.py` fails if a page is stale.
"""

import ast
import inspect
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import starmap
from pathlib import Path
from typing import Any

import msgspec

from botmeter.domain import errors, event
from botmeter.domain.settings import DECLARED
from botmeter.metering.schema import EVENTS_SCHEMA

DOCS = Path(__file__).resolve().parent
SOURCE = DOCS.parent / "src" / "botmeter"
REFERENCE = DOCS / "reference"

FIELD_NOTES = {
    "event_id": "Id of the event, unique within its source.",
    "occurred_at": (
        "RFC 3339 with an offset, or [spelled otherwise](../concepts/time.md#format-of-a-time); kept in microseconds "
        "UTC, further digits are cut."
    ),
    "conversation_id": "The conversation that it belongs to.",
    "customer_id": "The customer of the conversation, also on messages of bots and agents.",
    "actor": "Who caused it.",
    "kind": "What happened; `message` if left out. Only a message can open a session.",
    "bot_id": "The bot that took part; none if left out.",
    "bot_name": "Display name of that bot.",
    "bot_version": "Its version, as the bot builder names it.",
    "channel": "The channel of the conversation; `unknown` if left out.",
    "ticket_id": "The helpdesk case that is linked to the conversation.",
    "ticket_type": "The kind of customer issue: refund, delivery, …",
    "preview": "True if it came from a preview of a bot; unknown if left out.",
    "attributes": "Anything else; stored, and read only by a policy whose `exclude` names one of its booleans.",
}

COMMAND_NOTES = (
    "Data goes to stdout, messages to stderr. Without a terminal nothing asks for input. `NO_COLOR` is respected.",
    """| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed; a message on stderr gives the reason |
| 2 | invalid arguments |
| 3 | differences found (`verify`) |
| 130 | stopped with Ctrl-C; nothing changed |
| 141 | the reader of stdout closed it |""",
    """The data folder is `--data DIR`, else the environment's `BOTMETER_DATA`, else `botmeter` in `XDG_DATA_HOME`
(`~/.local/share`). One process owns it at a time. While a server owns it, the server runs the commands; otherwise a
command waits up to `BOTMETER_WAIT` seconds (10) for another one. `botmeter --install-completion` installs shell
completion of commands, accounts and policies.""",
)
FAMILIES = {name for name, _ in inspect.getmembers(errors, inspect.isclass)}
ADVICE = {
    "rejection": "fix the cause and retry it from quarantine, or fix the event and import it",
    "Refused": "change the request",
    "Missing": "name something that exists",
    "NotAllowed": "ask someone who has the right",
    "Conflict": "check the existing data",
    "TooMuch": "request less",
    "Unavailable": "try again later",
}


def events_page() -> str:
    """The fields of an event with their types, limits and values."""
    return _page(
        "Events",
        "An event is one thing that happened in a conversation at one instant. These are its fields in NDJSON, in a\n"
        "JSON array, as CSV or Parquet columns, and in the `data` of a CloudEvent. A file with other names is\n"
        "read with a mapping. Events come in [files](../guides/import.md) or in\n"
        "[requests](../guides/api.md#sending-events).",
        _table(("field", "type", "", "meaning"), (_field_row(name) for name in event.FIELDS)),
        f"Text is UTF-8 without NUL; an id or name has at most {event.ID_BYTES_MAX} bytes, `attributes` at most "
        f"{event.ATTRIBUTES_BYTES_MAX:,} bytes of JSON.",
        "## Values\n\n" + f"`actor`: {_names(event.ACTOR_BY_NAME)}.\n\n`kind`: {_names(event.KIND_BY_NAME)}.",
        "## Order\n\nEvents are ordered by time; at one instant a `restart` comes first, then what happened, then the "
        f"ends\n({_names(kind.name.lower() for kind in event.END_KINDS if kind is not event.Kind.RESTART)}), then by "
        "`event_id` by code point. The order in which they\narrive never matters.",
        "## An example\n\n```json\n"
        '{"event_id": "m-1001", "occurred_at": "2026-11-22T14:05:00+01:00", "conversation_id": "c-77",\n'
        ' "customer_id": "ada", "actor": "customer", "bot_id": "orders", "channel": "web"}\n```',
    )


def errors_page() -> str:
    """Every code, its family and its messages."""
    messages: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, family, message in error_calls():
        known = messages[code, family]
        if message and message not in known:
            known.append(message)
    tree = inspect.cleandoc(errors.__doc__ or "").split("\n\n")[2]
    rows = (
        (f"`{code}`", family, ADVICE.get(family, ""), " <br> ".join(messages[code, family]) or "depends on the value")
        for code, family in sorted(messages)
    )
    return _page(
        "Errors",
        "Every error has a stable code for programs and a message for people. In a receipt, `rejections` carry the\n"
        "same codes. `…` stands for the value in question. The command line ends with 1 for a request that failed and\n"
        "with 2 for invalid arguments.",
        f"```\n{inspect.cleandoc(tree)}\n```",
        _table(("code", "family", "what to do", "message"), rows),
    )


def error_calls() -> Iterator[tuple[str, str, str]]:
    """(code, family, message with … for values) of every error and rejection in the code."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=family), args=[code, *rest]) if family in FAMILIES and _literal(code):
                    yield _literal(code), family, _literal(rest[0]) if rest else ""
                case ast.Call(keywords=keywords):
                    named = {word.arg: _literal(word.value) for word in keywords}
                    if named.get("code"):
                        yield named["code"], "rejection", named.get("detail", "")
                case ast.Assign(
                    targets=[ast.Tuple(elts=[ast.Name(id="code"), *_])], value=ast.Tuple(elts=[code, detail])
                ):
                    yield _literal(code), "rejection", _literal(detail)


def commands_page() -> str:
    """Every command with its options and examples."""
    from typer.main import get_command

    from botmeter.cli.main import PROGRAM, app
    from botmeter.cli.report import COLUMNS

    report = (
        f"`report --format csv` writes one flat table with the columns {', '.join(COLUMNS)}.\n"
        "The section `total` is one row; `day`, `month`, `bot`, `channel` and `ticket_type` follow. Columns that a\n"
        "section does not have are empty."
    )
    return _page("Commands", *COMMAND_NOTES, report, *_commands(get_command(app), PROGRAM))


def _commands(command: Any, path: str) -> Iterator[str]:
    for name, child in command.commands.items():
        if hasattr(child, "commands"):
            yield from _commands(child, f"{path} {name}")
        else:
            yield _command(child, f"{path} {name}")


def _command(command: Any, path: str) -> str:
    from botmeter.cli.command_groups import examples_in

    with command.make_context(path, [], resilient_parsing=True) as context:
        records = [parameter.get_help_record(context) for parameter in command.params if parameter.name != "help"]
    table = _table(
        ("argument or option", "meaning"), ((f"`{shape}`", " ".join(text.split())) for shape, text in records)
    )
    examples = "\n".join(["```sh", *examples_in(command.epilog), "```"])
    return f"## {path}\n\n{inspect.cleandoc(command.help or '')}\n\n{table}\n\n{examples}"


def platforms_page() -> str:
    """Every platform with its deliveries, and the options of its sources."""
    from botmeter.sources.platforms.registry import connectors

    known = tuple(connectors())
    rows = (
        (
            f"[{each.label}](../guides/{each.guide})",
            f"`{each.platform}`",
            each.deliveries,
            each.files,
            "yes" if each.secret is not None else "no",
            "yes" if each.pull is not None else "no",
        )
        for each in known
    )
    options = (
        (each.label, f"`{option.name}`", " ".join([option.help, *map(_allowed, option.values)]))
        for each in known
        for option in each.options
    )
    return _page(
        "Platforms",
        "The platforms whose events Botmeter reads. [Connect a platform](../guides/sources.md) has the set-up steps.",
        _table(("platform", "code", "live", "files", "signed", "pulled"), rows),
        "## Options\n\nA source has the options of its platform, besides the defaults that every source has.",
        _table(("platform", "option", "meaning"), options),
    )


def _allowed(value: tuple[str, str]) -> str:
    code, label = value
    return f"{f'`{code}`' if code else 'Empty'}: {label[0].lower()}{label[1:]}."


def settings_page() -> str:
    """Every setting with its default and an example."""
    documented = [setting for setting in DECLARED.values() if not setting.is_internal]
    rows = (
        (
            f"`{setting.variable}`",
            setting.meaning,
            f"`{setting.default}`" if setting.default else "",
            f"`{setting.example}`",
        )
        for setting in documented
    )
    hidden = " and ".join(", ".join(f"`{each.variable}`" for each in documented if each.is_secret).rsplit(", ", 1))
    return _page(
        "Settings",
        "Settings of the program are environment variables; an empty one counts as missing. They are checked when\n"
        "the server starts and before each command: all wrong values are reported at once, each with a right one,\n"
        "with exit code 2. An unknown variable that starts with `BOTMETER_` is warned about. `botmeter doctor`\n"
        f"prints the settings in force, without the values of {hidden}.\n\n"
        "Settings of an account are in [its own file](../concepts/settings.md).",
        _table(("variable", "meaning", "default", "example"), rows),
    )


def webhook_events_page() -> str:
    """Every event of webhooks with its fields and an example."""
    from botmeter.people.notifications.webhook_events import EVENT_TYPES, EXAMPLES

    opening = (
        "Webhooks send these events, signed and repeated as [the guide](../guides/webhooks.md) says. Each has `type`,\n"
        "`timestamp` (RFC 3339, when its cause was noticed) and `data`. Fields and types may be added; ignore what\n"
        "you don't know. Amounts are decimals as text."
    )
    parts = [opening]
    for name, kind in EVENT_TYPES.items():
        example = {"type": name, "timestamp": "2026-11-24T14:02:11Z", "data": msgspec.to_builtins(EXAMPLES[name])}
        parts += [
            f"## `{name}`\n\n{inspect.getdoc(kind)}",
            _table(("field of data", "type", "meaning"), starmap(_schema_row, _fields_of(kind))),
            f"```json\n{json.dumps(example, indent=2)}\n```",
        ]
    return _page("Webhook events", *parts)


def _fields_of(kind: type[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and schemas of a type's fields, those of a part after it."""
    schemas = msgspec.json.schema(kind)["$defs"]
    for name, schema in schemas[kind.__name__]["properties"].items():
        part = schemas.get(schema.get("$ref", "").rpartition("/")[2]) or next(
            (schemas[each["$ref"].rpartition("/")[2]] for each in schema.get("anyOf", ()) if "$ref" in each), None
        )
        yield name, {"type": "object", **schema} if part else schema
        for inner, of_part in (part or {"properties": {}})["properties"].items():
            yield f"{name}.{inner}", of_part


def _schema_row(name: str, schema: dict[str, Any]) -> tuple[str, str, str]:
    variants = [schema, *schema.get("anyOf", ())]
    kinds = [each["type"] for each in variants if "type" in each]
    formats = [each["format"] for each in variants if "format" in each]
    values = [f"`{value}`" for each in variants for value in each.get("enum", ()) if value is not None]
    said = schema.get("description", "") or next(
        (each["description"] for each in variants if "description" in each), ""
    )
    kind = " or ".join(" or ".join(values) if values and word == "string" else word for word in dict.fromkeys(kinds))
    if not kinds:
        kind = " or ".join(values)
    return f"`{name}`", f"{kind} ({formats[0]})" if formats else kind, said


def _literal(node: ast.expr) -> str:
    """Text of a literal with `…` for inserted values; empty for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_literal(part) or "…" for part in values)
        case _:
            return ""


def _field_row(name: str) -> tuple[str, str, str, str]:
    kind = {"occurred_at": "time", "attributes": "object", "preview": "true or false"}.get(name, "text")
    assert name in EVENTS_SCHEMA.names
    return f"`{name}`", kind, "required" if name in event.REQUIRED_FIELDS else "", FIELD_NOTES[name]


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _page(title: str, *parts: str) -> str:
    note = "<!-- Written by `make docs` from the code; change the code, not this page. -->"
    return "\n\n".join([note, f"# {title}", *(part for part in parts if part)]) + "\n"


PAGES = {
    "events.md": events_page,
    "errors.md": errors_page,
    "commands.md": commands_page,
    "platforms.md": platforms_page,
    "settings.md": settings_page,
    "webhook-events.md": webhook_events_page,
}
"""Pages of `docs/reference`, with the function that writes each."""


def main() -> int:
    """Write every page, and print which ones changed."""
    REFERENCE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        path, text = REFERENCE / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(DOCS.parent)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
