"""Sessions of a user's browsers, listed and ended under *Your settings*."""

import re

import pytest
from django.test import Client

from botmeter.people.active_sessions import browser_text
from botmeter.people.models import AuditEntry, User
from web.conftest import PASSWORD, MakeBrowser, MakePerson

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledgers")]
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"


def signed_in(user: User, *, user_agent: str = LINUX, address: str = "198.51.100.7") -> Client:
    client = Client(headers={"User-Agent": user_agent}, REMOTE_ADDR=address)
    assert client.post("/sign-in", {"username": user.email, "password": PASSWORD}).status_code == 302
    return client


def sessions_card(client: Client) -> str:
    return client.get("/me").content.decode().partition('data-widget="sessions"')[2]


def numbers(card: str) -> list[str]:
    return re.findall(r'name="sessions" value="([0-9a-f]{16})"', card)


def is_signed_in(client: Client) -> bool:
    return client.get("/me").status_code == 200


def test_other_sessions_are_listed_with_browser_address_and_times(owner: User) -> None:
    here = signed_in(owner)
    assert numbers(sessions_card(here)) == []
    phone = signed_in(owner, user_agent=PHONE, address="203.0.113.9")
    card = sessions_card(here)
    assert "This browser: Firefox on Linux · 198.51.100.7 · signed in " in card
    assert "Safari on iPhone · 203.0.113.9 · signed in " in card
    assert len(numbers(card)) == 1
    assert phone.session.session_key not in card


@pytest.mark.slow
def test_a_chosen_session_is_ended_with_the_password_and_no_other(owner: User, person: MakePerson) -> None:
    here, phone, office = (signed_in(owner, address=f"198.51.100.{number}") for number in range(3))
    stranger = signed_in(person("sam@example.org"))
    phone_number = numbers(sessions_card(office))[-1]
    foreign = numbers(sessions_card(signed_in(User.objects.get(email="sam@example.org"))))
    for password, chosen in (("wrong", phone_number), (PASSWORD, foreign[0]), (PASSWORD, "0" * 16)):
        sent = {"current_password": password, "sessions": [chosen]}
        assert here.post("/me/sessions", sent).status_code == 200
    assert all(map(is_signed_in, (here, phone, office, stranger)))
    listed = {client: numbers(sessions_card(client)) for client in (here, phone, office)}
    (of_phone,) = set(listed[here]) & set(listed[office])
    answer = here.post("/me/sessions", {"current_password": PASSWORD, "sessions": [of_phone]}, follow=True)
    assert "1 browser signed out." in answer.content.decode()
    assert [is_signed_in(client) for client in (here, phone, office, stranger)] == [True, False, True, True]
    assert AuditEntry.objects.get(action="sessions_ended").detail == {"count": 1}


def test_ended_sessions_are_not_listed(owner: User, browser: MakeBrowser) -> None:
    here, there = signed_in(owner), signed_in(owner)
    assert len(numbers(sessions_card(here))) == 1
    here.post("/me/sign-out-everywhere", {"confirmed": "yes"})
    assert numbers(sessions_card(here)) == []
    assert not is_signed_in(there)


@pytest.mark.parametrize(
    ("user_agent", "browser_name"),
    [(LINUX, "Firefox on Linux"), (PHONE, "Safari on iPhone"), (EDGE, "Edge on Windows"), ("curl/8", ""), ("", "")],
)
def test_a_browser_is_named_as_people_know_it(user_agent: str, browser_name: str) -> None:
    assert browser_text(user_agent) == browser_name
