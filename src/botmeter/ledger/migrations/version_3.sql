-- name: unkeyed_span
-- Changes: conversation_span is called unkeyed_span, to be read once more and dropped.
ALTER TABLE conversation_span RENAME TO unkeyed_span

-- name: conversation_span
-- Gives: conversation_span as version 3 has it: with the key of its conversation.
CREATE TABLE conversation_span (
    conversation_id  VARCHAR NOT NULL,
    created_at       BIGINT,
    first_event_at   BIGINT  NOT NULL,
    last_event_at    BIGINT  NOT NULL,
    conversation_key UBIGINT NOT NULL
)

-- name: keyed_spans
-- Reads: unkeyed_span. Changes: adds its rows to conversation_span, in their order.
INSERT INTO conversation_span
SELECT conversation_id, created_at, first_event_at, last_event_at, hash(conversation_id)
FROM unkeyed_span

-- name: drop_unkeyed_span
-- Changes: unkeyed_span is dropped, since its rows are in conversation_span.
DROP TABLE unkeyed_span
