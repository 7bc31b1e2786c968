-- name: numbered
-- Reads: stored, the events of one file. Gives: numbered, these with their row, from 1.
CREATE VIEW numbered AS SELECT row_number() OVER () AS row, * FROM stored

-- name: affected_by_erasure
-- Reads: numbered, erased_conversation, erased_attributes. Takes: $customer. Gives: affected_row (row), the events that an
-- erasure changes.
CREATE TEMP TABLE affected_row AS
SELECT row
FROM numbered
WHERE customer_id = $customer
    OR conversation_id IN (SELECT conversation_id FROM erased_conversation)
    OR (source, event_id) IN (SELECT source, event_id FROM erased_attributes)

-- name: affected_by_move
-- Reads: numbered, customer_move. Takes: nothing. Gives: affected_row (row), the events that change their customer.
CREATE TEMP TABLE affected_row AS
SELECT row
FROM numbered
WHERE coalesce(sent_customer_id, customer_id) IN (SELECT sent_customer_id FROM customer_move)

-- name: affected_by_removal
-- Reads: numbered. Takes: $append_nos. Gives: affected_row (row), the events of these submissions.
CREATE TEMP TABLE affected_row AS
SELECT row FROM numbered WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))

-- name: affected_count
-- Reads: affected_row. Takes: nothing. Gives: the number of rows, one row.
SELECT count(*)::BIGINT FROM affected_row

-- name: event
-- Reads: numbered. Gives: event, a table of the same rows that statements can change.
CREATE TEMP TABLE event AS SELECT * FROM numbered

-- name: event_before
-- Reads: numbered, affected_row. Gives: event_before, the affected rows as they are stored.
CREATE TEMP TABLE event_before AS SELECT * FROM numbered WHERE row IN (SELECT row FROM affected_row)

-- name: keep_erased_key
-- Takes: $customer. Changes: keeps the key that a ledger gives the customer's events, since their ids change.
UPDATE event
SET erased_key = coalesce(erased_key, hash(source, event_id)::BIT::BIGINT)
WHERE customer_id = $customer

-- name: rows_after
-- Reads: event, touchpoint. Gives: all events with bot and channel, in order of their rows.
SELECT e.*, p.bot_id::VARCHAR AS bot_id, p.channel::VARCHAR AS channel
FROM event AS e
JOIN touchpoint AS p USING (touchpoint)
ORDER BY e.row

-- name: affected_rows
-- Reads: affected_row. Gives: its rows, ascending.
SELECT row::BIGINT AS row FROM affected_row ORDER BY row

-- name: rows_before
-- Reads: event_before. Gives: the affected events as they are stored, in any order.
SELECT
    bucket::INTEGER AS bucket, conversation_id::VARCHAR AS conversation_id, customer_id::VARCHAR AS customer_id,
    touchpoint::INTEGER AS touchpoint, occurred_at::BIGINT AS occurred_at, append_no::INTEGER AS append_no
FROM event_before

-- name: removed_keys
-- Reads: event_before, event. Gives: keys and ids of the events that are no longer there; erased_key is null unless their
-- customer was erased; in any order.
SELECT event_key::BIGINT AS event_key, event_id::VARCHAR AS event_id, erased_key::BIGINT AS erased_key
FROM event_before
WHERE row NOT IN (SELECT row FROM event)

-- name: removed_bots
-- Reads: event_before, event, touchpoint. Gives: the bots that the events named that are no longer there, in order.
SELECT DISTINCT p.bot_id::VARCHAR
FROM event_before AS e
JOIN touchpoint AS p USING (touchpoint)
WHERE e.row NOT IN (SELECT row FROM event) AND e.bot_name IS NOT NULL AND p.bot_id IS NOT NULL
ORDER BY ALL

-- name: recounted_event
-- Reads: stored, recounted (conversation_id). Gives: new_event, the stored events of these conversations.
CREATE VIEW new_event AS SELECT * FROM stored WHERE conversation_id IN (SELECT conversation_id FROM recounted)

-- name: naming_event
-- Reads: stored, touchpoint. Takes: {bots}, a table with bot_id. Gives: new_event, the stored events that name these bots.
CREATE VIEW new_event AS
SELECT * FROM stored
WHERE bot_name IS NOT NULL
    AND touchpoint IN (SELECT touchpoint FROM touchpoint WHERE bot_id IN (SELECT bot_id FROM {bots}))

-- name: other_rows
-- Reads: stored, left_out, both with {column}. Gives: the rows without those of left_out, in any
-- order.
SELECT * FROM stored WHERE {column} NOT IN (SELECT {column} FROM left_out)

-- name: table_to_change
-- Reads: input_rows. Gives: {table}, a table of them.
CREATE TEMP TABLE {table} AS SELECT * FROM input_rows

-- name: rows_of
-- Reads: {table}. Gives: its rows, in any order.
SELECT * FROM {table}
