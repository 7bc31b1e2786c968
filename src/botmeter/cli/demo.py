"""`demo`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from botmeter.cli import options
from botmeter.cli.closing_due import close_due_cycles
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.context import COMMAND_LINE, command_context
from botmeter.cli.data_dir import data_folder, open_people, owned_folder, served_folder
from botmeter.cli.output import say, show
from botmeter.cli.progress import progress
from botmeter.cli.serve import HOST, PORT, Host, Port, prepared, serve_until_ended, show_link
from botmeter.cli.terminal import stdout_screen
from botmeter.domain.account import Account
from botmeter.domain.instant import now_us
from botmeter.domain.text import counted

if TYPE_CHECKING:
    from botmeter.ledger.folder import Folder
    from botmeter.ledger.ledger import Ledger

_MILLION = 1_000_000

commands = Commands()


@commands.command(epilog=examples(("", "botmeter demo"), ("In a separate folder:", "botmeter demo --data demo-data")))
def demo(
    events: Annotated[
        int, Option("--events", metavar="N", min=1_000, max=100 * _MILLION, help="Approximate number of events.")
    ] = _MILLION,
    host: Host = HOST,
    port: Port = PORT,
    serve: Annotated[bool, Option("--serve/--no-serve", help="Serve the pages after filling the account.")] = True,
    data: options.Data = None,
) -> None:
    """Fill a demo account, print its report, and serve its pages.

    The account belongs to an invented retailer with six bots and two years of statements, and has its own file in the
    data folder, like any other.
    Run again, the command adds the events since the last run; nothing is counted twice. The last line is a link that
    signs you in; Ctrl-C stops the server. Beside a server of the data folder, the link leads to that one.
    """
    import msgspec

    from botmeter.cli.demo_tour import tour
    from botmeter.cli.report_page import report_page
    from botmeter.demo import DEMO_ACCOUNT, DEMO_SEED
    from botmeter.demo.billing_audit import note_billing
    from botmeter.demo.billing_history import add_billing
    from botmeter.reports.query import usage_query
    from botmeter.reports.usage import usage_report

    now = now_us()
    screen = stdout_screen()
    # A command run by the server must not start another one.
    starts_server = serve and command_context().folder is None
    if starts_server:
        # Before the account is filled, not after.
        from botmeter.server.start import check_free

        check_free(host, port)
    with owned_folder(data, is_new=True) as folder:
        _create_if_missing(folder, now_us=now)
        with folder.ledger(DEMO_ACCOUNT) as ledger:
            _load(ledger, events=events, now_us=now)
            if add_billing(ledger, seed=DEMO_SEED, now_us=now):
                note_billing(folder.path, ledger)
            close_due_cycles(folder, ledger)
            query = usage_query(ledger.account, now_us=now)
            page = report_page(msgspec.to_builtins(usage_report(ledger, query)), query=query, screen=screen)
            next_steps = tour(ledger, query, data_option=_data_option(data))
    show(f"{page}\n")
    show(screen.plain("\n".join([screen.styled("What to try next", "bold"), *next_steps])) + "\n")
    if starts_server:
        with served_folder(data):
            _serve(data_folder(data), host=host, port=port)
    elif serve:
        _link_to_running_server(data)


def _serve(folder: Path, *, host: str, port: int) -> None:
    url = prepared(folder, host=host, port=port)
    from botmeter.server.demo_owner import demo_owner_link

    serve_until_ended(host, port, url=url, link=f"{url}/link/{demo_owner_link(folder)}")


def _link_to_running_server(data: Path | None) -> None:
    url = options.server_address(None, data=data)
    open_people(data)
    from botmeter.server.demo_owner import demo_owner_link

    say(f"A server of this data folder already runs at {url}")
    show_link(f"{url}/link/{demo_owner_link()}")


def _create_if_missing(folder: "Folder", *, now_us: int) -> None:
    from botmeter.demo import DEMO_ACCOUNT, DEMO_TITLE
    from botmeter.metering.policy import FRESHCHAT

    if DEMO_ACCOUNT not in folder.accounts():
        folder.create(Account(name=DEMO_ACCOUNT, title=DEMO_TITLE), policy=FRESHCHAT, now_us=now_us)


def _load(ledger: "Ledger", *, events: int, now_us: int) -> None:
    from botmeter.demo import DEMO_SEED, demo_batches
    from botmeter.ledger.append import Submission, append
    from botmeter.ledger.imports import ImportedFile

    if not command_context().stderr.isatty():
        say("filling the demo account; this takes a few seconds")
    with progress("generating events", total=events, in_events=True) as follow:
        batches = follow(demo_batches(seed=DEMO_SEED, now_us=now_us, events=events))
        file = ImportedFile(name="demo", by=COMMAND_LINE)
        submission = Submission(source="demo", batches=batches, label="demo", file=file)
        [receipt] = append(ledger, [submission], now_us=now_us)
    say(f"{counted(receipt.accepted, 'new event')} in account {ledger.account.name}")


def _data_option(data: Path | None) -> str:
    import shlex

    folder = data_folder(data)
    return "" if folder == data_folder(None) else f" --data {shlex.quote(str(folder))}"
