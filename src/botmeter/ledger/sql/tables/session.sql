-- Gives: session, one row per session, kept current; nearly in order of started_at.
-- conversation, source, event and touchpoint are those of the event that opened it.
CREATE TABLE session (
    session_id         UUID     NOT NULL,
    policy             INTEGER  NOT NULL, -- policy_term.place
    customer_id        VARCHAR  NOT NULL,
    conversation_id    VARCHAR  NOT NULL,
    source             VARCHAR  NOT NULL,
    opening_event_id   VARCHAR  NOT NULL,
    opening_touchpoint INTEGER  NOT NULL,
    started_at         BIGINT   NOT NULL, -- µs UTC
    ended_at           BIGINT   NOT NULL, -- µs UTC; 2^62 while no limit ends it
    last_event_at      BIGINT   NOT NULL, -- µs UTC
    event_count        INTEGER  NOT NULL,
    closed_by          UTINYINT NOT NULL, -- domain.session.ClosedBy
    preview            BOOLEAN  NOT NULL, -- opened by a preview
    footprint          INTEGER  NOT NULL  -- the set of its touchpoints
)
