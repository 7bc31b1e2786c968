-- Gives: conversation_day, one row per conversation × UTC day on which a session with it started × preview.
CREATE TABLE conversation_day (
    day             DATE    NOT NULL,
    conversation_id VARCHAR NOT NULL,
    preview         BOOLEAN NOT NULL, -- of those sessions
    footprint       INTEGER NOT NULL, -- touchpoints of the conversation in those sessions
    spans           BOOLEAN NOT NULL, -- the conversation has other rows too
    conversation_key UBIGINT NOT NULL -- hash(conversation_id): finds its rows on any day without an index
)
