-- name: begin_read
-- Reads: meta. Takes: nothing. Gives: one row; the first statement of a transaction decides which commit it sees.
SELECT name::VARCHAR FROM meta ORDER BY name LIMIT 1

-- name: next_append_no
-- Reads: receipt, delivery. Takes: nothing. Gives: the number of the next submission, one row.
SELECT greatest(
    (SELECT coalesce(max(append_no), 0) FROM receipt),
    (SELECT coalesce(max(append_no), 0) FROM delivery)
)::INTEGER + 1

-- name: latest_event
-- Reads: event. Takes: $append_no. Gives: the latest instant of any earlier event (µs UTC, null: none), one row.
SELECT max(occurred_at)::BIGINT FROM event WHERE append_no < $append_no

-- name: insert_touchpoints
-- Reads: input_rows (touchpoint, bot_id, bot_version, channel). Takes: nothing. Changes: adds these to touchpoint.
INSERT INTO touchpoint
SELECT touchpoint, bot_id, bot_version, channel FROM input_rows

-- name: insert_footprints
-- Reads: input_rows (footprint, touchpoint). Takes: nothing. Changes: adds these to footprint_member.
INSERT INTO footprint_member
SELECT footprint, touchpoint FROM input_rows
