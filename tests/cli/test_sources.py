"""`source`: created, set, listed and removed, with and without a server."""

from pathlib import Path

import pytest

from botmeter.cli.source_settings import with_settings
from botmeter.domain.errors import NotAllowed, Refused
from botmeter.domain.source import Source
from botmeter.people.models import AuditEntry, EventSource
from botmeter.people.sources import OpenedSource, opened_source
from cli.conftest import Run

BOTH_WAYS = True
# A server runs commands in threads of its own, which see what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
CREATE = "source create desk --account acme --platform chatwoot"


def opened(out: str) -> OpenedSource:
    """The source that the printed address opens."""
    name, key = out.strip().split("/")[-2:]
    return opened_source(name, key)


def test_the_address_is_alone_on_stdout_and_works(acme: Run) -> None:
    ran = acme(f"{CREATE} --url https://meter.example.org/")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("https://meter.example.org/api/v1/webhooks/desk/wh_")
    assert ran.out.count("\n") == 1
    source = opened(ran.out)
    assert (source.account, source.platform) == ("acme", "chatwoot")
    assert ran.out.strip().rpartition("/")[2] not in ran.err
    assert AuditEntry.objects.get(action="source_created").who == "command line"


def test_a_source_is_created_with_every_option(acme: Run, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("hush-hush\n", encoding="utf-8")
    ran = acme(
        f"{CREATE} --bot orders --bot-name Orders --bot-version 7 --channel web --option preview_inboxes=7,9 "
        "--option ticket_attribute=case --secret-file secret.txt"
    )
    assert ran.code == 0, ran.err
    assert opened(ran.out).secret == (tmp_path / "secret.txt").read_text(encoding="utf-8").strip()
    settings = acme("source show desk --account acme --format json").json
    assert settings == {
        "source": "desk",
        "platform": "chatwoot",
        "bot_id": "orders",
        "bot_name": "Orders",
        "bot_version": "7",
        "channel": "web",
        "options": {"preview_inboxes": "7,9", "ticket_attribute": "case"},
        "identities": [],
    }


def test_a_whatsapp_source_prints_its_verify_token(acme: Run) -> None:
    ran = acme("source create phone --account acme --platform whatsapp")
    assert opened(ran.out).verify_token in ran.err


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        ("source create a/b -a acme --platform rasa", 2, "is not a valid name of a source with a URL"),
        ("source create desk -a acme --platform irc", 2, "'--platform': unknown platform 'irc'"),
        ("source create desk -a acme", 2, "--platform"),
        ("source create desk -a nobody --platform rasa", 1, "Unknown account nobody"),
        (f"{CREATE} --option colour=red", 2, "has no option 'colour'"),
        (f"{CREATE} --option colour", 2, "Use NAME=VALUE"),
        (f"{CREATE} --secret-file missing.txt", 1, "missing.txt does not exist"),
        (f"{CREATE} --secret-file day-2.csv.gz", 1, "can't be read: not UTF-8 text"),
        (f"{CREATE} --url meter.example.org", 1, "not a server address"),
        ("source create f -a acme --platform freshchat --secret-file events.csv", 1, "not an RSA public key"),
        ("source create r -a acme --platform rasa --secret-file events.csv", 1, "does not sign"),
    ],
)
def test_an_invalid_source_is_refused(acme: Run, command: str, code: int, message: str) -> None:
    ran = acme(command)
    assert (ran.code, ran.out) == (code, ""), ran.err
    assert message in ran.err
    assert not EventSource.objects.exists()
    assert "has no sources" in acme("source list -a acme").err


def test_an_option_without_a_value_has_a_code_of_its_own() -> None:
    with pytest.raises(Refused) as refused:
        with_settings(Source(name="desk", platform="chatwoot"), options=["=red"])
    assert refused.value.code == "source_option_invalid"


def test_a_second_source_of_a_name_is_refused(acme: Run) -> None:
    first = acme(CREATE)
    second = acme(CREATE)
    assert (second.code, second.out) == (1, "")
    assert "already has a source desk" in second.err
    assert opened(first.out).name == "desk"


def test_an_empty_text_clears_a_setting(acme: Run) -> None:
    acme(f"{CREATE} --bot orders --channel web --option ticket_attribute=case")
    assert acme('source set desk -a acme --bot "" --bot-version 8 --option ticket_attribute=').code == 0
    settings = acme("source show desk --account acme --format json").json
    assert [settings[name] for name in ("bot_id", "bot_version", "channel", "options")] == [None, "8", "web", {}]
    assert "web" in acme("source show desk --account acme").out
    nothing = acme("source set desk -a acme")
    assert (nothing.code, "No setting was given" in nothing.err) == (2, True)
    assert acme("source set other -a acme --bot b").code == 1


def test_a_source_is_turned_off_and_gets_another_address(acme: Run, tmp_path: Path) -> None:
    first = acme(CREATE).out
    assert acme("source set desk -a acme --off").code == 0
    with pytest.raises(NotAllowed) as refused:
        opened(first)
    assert refused.value.code == "source_off"
    assert acme("source list -a acme --format json").json[0]["state"] == "off"
    (tmp_path / "secret.txt").write_text("hush-hush", encoding="utf-8")
    assert acme("source set desk -a acme --on --secret-file secret.txt").code == 0
    second = acme("source rotate desk -a acme").out
    assert opened(second).secret == (tmp_path / "secret.txt").read_text(encoding="utf-8")
    with pytest.raises(NotAllowed):
        opened(first)
    assert acme("source rotate other -a acme").code == 1


@pytest.mark.slow
def test_bot_identities_are_added_and_removed(acme: Run) -> None:
    acme(CREATE)
    assert acme("source identity add desk 12 -a acme --bot orders --bot-version 7").code == 0
    assert acme("source identity add desk 13 -a acme --bot returns").code == 0
    assert acme("source show desk --account acme --format json").json["identities"] == [
        {"sender": "12", "bot_id": "orders", "bot_name": None, "bot_version": "7"},
        {"sender": "13", "bot_id": "returns", "bot_name": None, "bot_version": None},
    ]
    assert "returns" in acme("source show desk -a acme").out
    assert acme("source identity remove desk 12 -a acme").code == 0
    again = acme("source identity remove desk 12 -a acme")
    assert (again.code, "no bot identity '12'" in again.err) == (1, True)
    assert acme("source list -a acme --format json").json[0]["identities"] == 1


def test_a_removed_source_lets_nobody_in(acme: Run) -> None:
    address = acme(CREATE).out
    unasked = acme("source remove desk -a acme")
    assert (unasked.code, "Add --yes" in unasked.err) == (2, True)
    assert acme("source remove desk -a acme --yes").code == 0
    with pytest.raises(NotAllowed) as refused:
        opened(address)
    assert refused.value.code == "source_key_wrong"
    assert acme("source show desk -a acme").code == 1
    assert acme("source remove desk -a acme --yes").code == 1
