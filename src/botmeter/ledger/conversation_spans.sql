-- name: last_row
-- Reads: conversation_span. Takes: nothing. Gives: the number of its last row (0: none), one row.
SELECT coalesce(max(rowid), 0)::BIGINT FROM conversation_span

-- name: insert_spans
-- Reads: {events} (event, or input_rows with these events). Takes: $append_no (the first of this commit). Changes: adds one
-- row per conversation of these events to conversation_span. Gives: their number, one row.
INSERT INTO conversation_span (conversation_id, created_at, first_event_at, last_event_at, conversation_key)
SELECT
    conversation_id,
    min(occurred_at) FILTER (WHERE kind = 1),
    min(occurred_at),
    max(occurred_at),
    hash(conversation_id)
FROM {events}
WHERE append_no >= $append_no
GROUP BY conversation_id

-- name: span_count
-- Reads: conversation_span. Takes: nothing. Gives: the number of rows, one row.
SELECT count(*)::BIGINT FROM conversation_span

-- name: conversation_count
-- Reads: conversation_span. Takes: nothing. Gives: the approximate number of conversations (within a few per cent), one row.
SELECT approx_count_distinct(conversation_id)::BIGINT
FROM conversation_span

-- name: repeated_spans
-- Reads: conversation_span. Takes: $after (a rowid; -1: all rows).
-- Gives: folded_span, one row per conversation with several rows after it.
CREATE OR REPLACE TEMP TABLE folded_span AS
SELECT
    conversation_id, min(created_at) AS created_at, min(first_event_at) AS first_event_at,
    max(last_event_at) AS last_event_at
FROM conversation_span
WHERE rowid > $after
GROUP BY conversation_id
HAVING count(*) > 1

-- name: delete_repeated_spans
-- Reads: folded_span. Takes: $after (a rowid; -1: all rows). Changes: deletes the folded rows from conversation_span.
DELETE FROM conversation_span
WHERE rowid > $after AND conversation_id IN (SELECT conversation_id FROM folded_span)

-- name: insert_folded_spans
-- Reads: folded_span. Takes: nothing. Changes: adds its rows to conversation_span, running conversations last.
INSERT INTO conversation_span (conversation_id, created_at, first_event_at, last_event_at, conversation_key)
SELECT conversation_id, created_at, first_event_at, last_event_at, hash(conversation_id)
FROM folded_span
ORDER BY last_event_at, conversation_id

-- name: drop_folded_spans
-- Changes: folded_span is dropped, and its memory freed.
DROP TABLE folded_span
