-- name: backlog
-- Reads: arrival. Takes: nothing.
-- Gives: the number of events, and the first append (µs UTC, null: none), one row.
SELECT count(*)::BIGINT, min(received_at)::BIGINT FROM arrival

-- name: first_append
-- Reads: arrival. Takes: nothing. Gives: the first append in it, one row.
SELECT min(append_no)::INTEGER FROM arrival

-- name: insert_arrivals
-- Reads: arrival. Takes: nothing. Changes: adds its events to event, in order of append.
INSERT INTO event
SELECT * EXCLUDE (received_at), false, false, false FROM arrival

-- name: delete_arrivals
-- Changes: arrival is empty.
DELETE FROM arrival
