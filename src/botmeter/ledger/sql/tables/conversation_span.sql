-- Gives: conversation_span, rows that add up to when a conversation was created and last updated:
-- take the least and the greatest over its rows. Every append adds a row for each conversation it touches; now and then
-- those of one conversation are folded into one.
CREATE TABLE conversation_span (
    conversation_id  VARCHAR NOT NULL,
    created_at       BIGINT,           -- µs UTC of its conversation_created event, null if none
    first_event_at   BIGINT  NOT NULL, -- µs UTC
    last_event_at    BIGINT  NOT NULL, -- µs UTC
    conversation_key UBIGINT NOT NULL  -- hash(conversation_id): finds its rows a tenth as long as by the id
)
