-- name: members
-- Reads: footprint_member, x (a row with a footprint). Gives: the touchpoints of the footprint, ascending, one row.
SELECT list(m.touchpoint ORDER BY m.touchpoint) FROM footprint_member AS m WHERE m.footprint = x.footprint

-- name: stored_copy
-- Reads: {table}, footprint_member. Takes: {columns}.
-- Gives: stored_{table}, its rows with the members of a footprint in place of its number.
CREATE OR REPLACE TEMP TABLE stored_{table} AS SELECT {columns} FROM {table} AS x

-- name: stored_spans
-- Reads: conversation_span. Takes: nothing. Gives: stored_conversation_span, one row per conversation.
CREATE OR REPLACE TEMP TABLE stored_conversation_span AS
SELECT
    conversation_id, min(created_at) AS created_at, min(first_event_at) AS first_event_at,
    max(last_event_at) AS last_event_at
FROM conversation_span
GROUP BY conversation_id

-- name: delete_bot_names
-- Changes: bot_name_sent is empty.
DELETE FROM bot_name_sent

-- name: delete_spans
-- Changes: conversation_span is empty.
DELETE FROM conversation_span

-- name: delete_tickets
-- Changes: conversation_ticket is empty.
DELETE FROM conversation_ticket

-- name: different_rows
-- Reads: stored_{table}, {table} after everything was metered again, footprint_member. Takes: {columns}, $limit.
-- Gives: (row as text, surplus: how much more often it is stored, sum of all surpluses without their signs) of the rows
-- that the two don't have equally often, the stored ones first.
WITH both_rows AS (
    SELECT x AS row, 1 AS surplus FROM stored_{table} AS x
    UNION ALL
    SELECT d AS row, -1 AS surplus FROM (SELECT {columns} FROM {table} AS x) AS d
)
SELECT row::VARCHAR, sum(surplus)::BIGINT, (sum(abs(sum(surplus))) OVER ())::BIGINT
FROM both_rows
GROUP BY row
HAVING sum(surplus) <> 0
ORDER BY sum(surplus) < 0, 1
LIMIT $limit

-- name: misnamed
-- Reads: event, same_customer. Takes: $limit.
-- Gives: (event as text, number of such events) of events with a customer other than the one that counts for the sent id.
SELECT
    (e.source, e.event_id, e.sent_customer_id, e.customer_id)::VARCHAR,
    (count(*) OVER ())::BIGINT
FROM event AS e
LEFT JOIN same_customer AS s ON s.sent_customer_id = coalesce(e.sent_customer_id, e.customer_id)
WHERE e.customer_id <> coalesce(s.customer_id, e.sent_customer_id, e.customer_id) OR e.sent_customer_id = e.customer_id
ORDER BY 1
LIMIT $limit

-- name: content_counts
-- Reads: event, session. Takes: nothing. Gives: the number of rows of each, one row.
SELECT (SELECT count(*) FROM event)::BIGINT, (SELECT count(*) FROM session)::BIGINT

-- name: doubled_events
-- Reads: event. Takes: nothing.
-- Gives: the number of events that are stored more than once or have a wrong key, one row.
SELECT (
    (SELECT count(*) FROM (SELECT source, event_id FROM event GROUP BY event_key, source, event_id HAVING count(*) > 1))
    + (SELECT count(*) FROM event WHERE event_key <> hash(source, event_id) AND NOT is_erased)
)::BIGINT
