-- Gives: conversation_span as version 3 has it: with the key of its conversation.
CREATE TABLE conversation_span (
    conversation_id  VARCHAR NOT NULL,
    created_at       BIGINT,
    first_event_at   BIGINT  NOT NULL,
    last_event_at    BIGINT  NOT NULL,
    conversation_key UBIGINT NOT NULL
)
