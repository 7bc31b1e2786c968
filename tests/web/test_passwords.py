"""Passwords that people may choose, and those that are refused as easy to guess."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from botmeter.ledger.open_ledgers import OpenLedgers
from botmeter.people.models import User
from web.conftest import PASSWORD, MakeBrowser

pytestmark = pytest.mark.django_db
OLGA = User(email="olga@example.org", name="Olga Baranova")


@pytest.mark.parametrize(
    "password", ["eleven ways home", "ÄÖÜ ßéñ çøð", "🦦🦦🐢🐢🦔🦔🦫🦫🐌🐌", "  blanks at both ends  ", "x9" * 100]
)
def test_any_letters_in_any_number_are_accepted_and_compared_as_typed(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, password: str
) -> None:
    sent = {"current_password": PASSWORD, "password": password}
    assert browser(owner).post("/me/password", sent).status_code == 302
    owner.refresh_from_db()
    assert owner.check_password(password)
    wrong = {password[:-1], password.strip(), password.swapcase()} - {password}
    assert not any(map(owner.check_password, wrong))


@pytest.mark.parametrize("password", ["olga@example.org", "Baranova2026", "olga baranova"])
def test_a_password_like_the_name_or_address_of_its_user_is_refused(password: str) -> None:
    with pytest.raises(ValidationError, match="too similar to the (name|email)"):
        validate_password(password, OLGA)


@pytest.mark.parametrize("path", ["/sign-in", "/me"])
def test_fields_of_passwords_are_masked_and_open_to_password_managers(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser, path: str
) -> None:
    page = (browser(owner) if path == "/me" else browser()).get(path).content.decode()
    fields = [part.partition(">")[0] for part in page.split("<input") if "password" in part.partition(">")[0]]
    assert fields
    for field in fields:
        assert 'type="password"' in field
        assert 'autocomplete="current-password"' in field or 'autocomplete="new-password"' in field
        assert "onpaste" not in field
        assert 'maxlength="200"' in field


def test_a_session_of_a_user_who_is_made_inactive_ends_at_once(
    ledgers: OpenLedgers, owner: User, browser: MakeBrowser
) -> None:
    client = browser(owner)
    assert client.get("/me").status_code == 200
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert client.get("/me").status_code == 302
