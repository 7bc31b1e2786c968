"""A data folder with the account acme, people in it, and a browser for each of them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from tests.support.ledgers import append, event, made_account

from botmeter.ledger.folder import Folder
from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.web import ledgers as process_ledgers
from botmeter.web.people.models import Membership, User
from botmeter.web.people.rights import Role

PASSWORD = "correct horse battery"  # noqa: S105 - of people in tests

# Three sessions: c1 with two bots over midnight, c2 with a ticket, c1 again.
EVENTS = (
    event("m1", "2026-03-30T22:00", bot_name="Order bot"),
    event("m2", "2026-03-31T01:00", bot_id="b2", bot_name="Returns", channel="whatsapp", conversation_id="v2"),
    event("m3", "2026-03-31T09:00", customer_id="c2", conversation_id="v3"),
    event(
        "m4",
        "2026-03-31T09:30",
        customer_id="c2",
        conversation_id="v3",
        kind="ticket_linked",
        actor="system",
        ticket_id="t1",
        ticket_type="refund",
    ),
    event("m5", "2026-04-01T23:00", conversation_id="v4"),
)

MakePerson = Callable[..., User]
MakeBrowser = Callable[..., Client]


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose account acme has the events above; never changed."""
    path = tmp_path_factory.mktemp("filled") / "data"
    with Folder.owned(path, purpose="tests") as folder, folder.ledger(made_account(folder)) as ledger:
        append(ledger, *EVENTS)
    return path


@pytest.fixture
def ledgers(filled_folder: Path, tmp_path: Path) -> Iterator[OpenLedgers]:
    """The process's ledgers: acme, with the events above."""
    cache.clear()
    shutil.copytree(filled_folder, tmp_path / "data")
    with Folder.owned(tmp_path / "data", purpose="tests") as folder:
        opened = OpenLedgers(folder)
        process_ledgers.use(opened)
        yield opened
        process_ledgers.use(None)
        opened.close()


@pytest.fixture
def person(db: None) -> MakePerson:
    """`person("ada@example.org", role=Role.OWNER)`: someone with a password, in acme if they have a role."""

    def made(email: str, *, role: Role | None = None, account: str = "acme", may_export: bool | None = None) -> User:
        user = User.objects.filter(email=email).first() or User.objects.create_user(
            email, name=email.partition("@")[0].capitalize(), password=PASSWORD
        )
        if role is not None:
            Membership.objects.create(user=user, account=account, role=role, may_export=may_export)
        return user

    return made


@pytest.fixture
def browser() -> MakeBrowser:
    """`browser(user)`: a browser in which the user is signed in; `browser()`: one in which nobody is."""

    def made(user: User | None = None, *, checks_csrf: bool = False) -> Client:
        client = Client(enforce_csrf_checks=checks_csrf)
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return made


@pytest.fixture
def owner(person: MakePerson) -> User:
    return person("olga@example.org", role=Role.OWNER)


@pytest.fixture
def viewer(person: MakePerson) -> User:
    return person("victor@example.org", role=Role.VIEWER, may_export=False)


@pytest.fixture
def stranger(person: MakePerson) -> User:
    """An owner of another account, who has nothing to do with acme."""
    return person("sam@example.org", role=Role.OWNER, account="other")
