-- Gives: participation, one row per session × conversation × touchpoint; nearly in order of started_at.
CREATE TABLE participation (
    session_id      UUID    NOT NULL,
    started_at      BIGINT  NOT NULL, -- of the session, µs UTC
    customer_id     VARCHAR NOT NULL, -- of the session
    conversation_id VARCHAR NOT NULL,
    touchpoint      INTEGER NOT NULL,
    event_count     INTEGER NOT NULL,
    preview         BOOLEAN NOT NULL  -- of the session
)
