-- name: backlog
-- Reads: arrival. Takes: nothing.
-- Gives: how many events are in it, and when the first was appended (µs UTC, null: none), one row.
SELECT count(*)::BIGINT, min(received_at)::BIGINT FROM arrival

-- name: arrivals
-- Reads: arrival. Takes: nothing.
-- Gives: the first submission in it, how many events, their first and last instant (µs UTC), how many of them name a
-- ticket, and how many a bot's name, one row.
SELECT
    min(append_no)::INTEGER, count(*)::BIGINT, min(occurred_at)::BIGINT, max(occurred_at)::BIGINT,
    count(ticket_id)::BIGINT, count(bot_name)::BIGINT
FROM arrival

-- name: arrived_tickets
-- Reads: arrival. Takes: nothing.
-- Gives: conversation_id, ticket_id, ticket_type of its events that name a ticket, each once, in any order.
SELECT DISTINCT conversation_id::VARCHAR AS conversation_id, ticket_id::VARCHAR AS ticket_id,
    ticket_type::VARCHAR AS ticket_type
FROM arrival
WHERE ticket_id IS NOT NULL

-- name: settle_arrivals
-- Reads: arrival. Takes: nothing. Changes: event has its events too, in the order in which they were appended.
INSERT INTO event
SELECT * EXCLUDE (received_at), false FROM arrival

-- name: drop_arrivals
-- Changes: arrival is empty.
DELETE FROM arrival
