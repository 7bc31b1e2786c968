from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.session import ClosedBy, session_id


@pytest.mark.parametrize(
    ("policy", "source", "opening_event_id", "expected"),
    [
        ("freshchat.session@1", "import", "e1", "bece4ddb-ba32-822a-99ef-47b50e532a0d"),
        ("freshchat.session@2", "import", "e1", "2122cb49-36ef-8b0c-b45c-1c2f70182edb"),
        ("freshchat.session@1", "", "ü👋", "49a2c729-442f-8180-ac00-076d85e08eb0"),
    ],
)
def test_a_session_id_never_changes(policy: str, source: str, opening_event_id: str, expected: str) -> None:
    assert session_id(policy, source=source, opening_event_id=opening_event_id) == expected


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_session_id_is_a_uuid_of_version_8_that_does_not_show_the_event(event_id: str) -> None:
    made = session_id("freshchat.session@1", source="import", opening_event_id=event_id)
    assert UUID(made).version == 8
    assert UUID(made).variant == "specified in RFC 4122"
    assert len(event_id) < 8 or event_id not in made


def test_policy_source_and_event_each_give_another_session_id() -> None:
    made = {
        session_id(policy, source=source, opening_event_id=event_id)
        for policy in ("a@1", "a@2")
        for source in ("s", "t")
        for event_id in ("1", "2")
    }
    assert len(made) == 8


def test_the_numbers_of_close_reasons_never_change() -> None:
    assert [(reason.name.lower(), int(reason)) for reason in ClosedBy] == [
        ("open", 0),
        ("duration", 1),
        ("idle", 2),
        ("calendar", 3),
        ("turns", 4),
        ("end", 5),
    ]
