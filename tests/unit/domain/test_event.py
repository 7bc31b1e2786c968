from botmeter.domain.event import ACTOR_BY_NAME, FIELDS, KIND_BY_NAME, KIND_RANK, REQUIRED_FIELDS, Kind


def test_the_numbers_of_actors_and_kinds_never_change() -> None:
    assert {name: int(actor) for name, actor in ACTOR_BY_NAME.items()} == {
        "customer": 0,
        "bot": 1,
        "agent": 2,
        "system": 3,
    }
    assert {name: int(kind) for name, kind in KIND_BY_NAME.items()} == {
        "message": 0,
        "conversation_created": 1,
        "conversation_updated": 2,
        "resolved": 3,
        "handoff": 4,
        "restart": 5,
        "customer_end": 6,
        "ticket_linked": 7,
    }


def test_at_one_instant_a_restart_comes_first_and_the_ends_come_last() -> None:
    assert len(KIND_RANK) == len(Kind)
    assert KIND_RANK[Kind.RESTART] < KIND_RANK[Kind.MESSAGE]
    ends = (Kind.RESOLVED, Kind.HANDOFF, Kind.CUSTOMER_END)
    assert all(KIND_RANK[end] > KIND_RANK[Kind.MESSAGE] for end in ends)
    others = set(Kind) - {Kind.RESTART, *ends}
    assert {KIND_RANK[kind] for kind in others} == {KIND_RANK[Kind.MESSAGE]}


def test_the_fields_of_the_event_contract_and_which_are_required() -> None:
    assert set(FIELDS) == {
        "event_id", "occurred_at", "conversation_id", "customer_id", "actor", "kind", "bot_id", "bot_name",
        "bot_version", "channel", "ticket_id", "ticket_type", "preview", "attributes",
    }  # fmt: skip
    assert len(set(FIELDS)) == len(FIELDS)
    assert set(REQUIRED_FIELDS) == {"event_id", "occurred_at", "conversation_id", "customer_id", "actor"}
