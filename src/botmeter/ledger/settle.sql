-- name: backlog
-- Reads: arrival. Takes: nothing.
-- Gives: the number of events, and the first append (µs UTC, null: none), one row.
SELECT count(*)::BIGINT, min(received_at)::BIGINT FROM arrival

-- name: arrivals
-- Reads: arrival. Takes: nothing.
-- Gives: the first append in it, the number of events, their first and last instant (µs UTC), the numbers with a
-- ticket and with a bot's name, one row.
SELECT
    min(append_no)::INTEGER, count(*)::BIGINT, min(occurred_at)::BIGINT, max(occurred_at)::BIGINT,
    count(ticket_id)::BIGINT, count(bot_name)::BIGINT
FROM arrival

-- name: arrived_tickets
-- Reads: arrival. Takes: nothing.
-- Gives: distinct conversation_id, ticket_id, ticket_type of its events with a ticket, in any order.
SELECT DISTINCT conversation_id::VARCHAR AS conversation_id, ticket_id::VARCHAR AS ticket_id,
    ticket_type::VARCHAR AS ticket_type
FROM arrival
WHERE ticket_id IS NOT NULL

-- name: insert_arrivals
-- Reads: arrival. Takes: nothing. Changes: adds its events to event, in order of append.
INSERT INTO event
SELECT * EXCLUDE (received_at), false, false, false FROM arrival

-- name: delete_arrivals
-- Changes: arrival is empty.
DELETE FROM arrival
