-- Gives: session_ticket, one row per session × conversation × ticket × type; few, as most sessions have none.
CREATE TABLE session_ticket (
    day             DATE    NOT NULL, -- UTC day on which the session started
    session_id      UUID    NOT NULL,
    conversation_id VARCHAR NOT NULL,
    ticket_id       VARCHAR NOT NULL,
    ticket_type     VARCHAR NOT NULL, -- 'unknown' where no event of the pair names one
    footprint       INTEGER NOT NULL, -- touchpoints of the conversation in that session
    preview         BOOLEAN NOT NULL  -- of the session
)
