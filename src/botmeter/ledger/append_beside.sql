-- name: touchpoint_count
-- Reads: touchpoint. Takes: nothing. Gives: its number of rows, one row.
SELECT count(*)::BIGINT FROM touchpoint

-- name: keys_from
-- Reads: event. Takes: $append_no (an import's first). Gives: the keys of events from that append on, in any order.
SELECT event_key::UBIGINT AS event_key FROM event WHERE append_no >= $append_no

-- name: arrived_keys
-- Reads: arrival. Takes: nothing. Gives: the keys of the events in it, in any order.
SELECT event_key::UBIGINT AS event_key FROM arrival

-- name: entries_after
-- Reads: quarantine. Takes: $append_no. Gives: (source, event_id, code, raw) of the entries of later appends, in any order.
SELECT source::VARCHAR AS source, event_id::VARCHAR AS event_id, code::VARCHAR AS code, raw::BLOB AS raw
FROM quarantine
WHERE append_no > $append_no

-- name: earlier_entries
-- Reads: quarantine. Takes: $append_no (an import's first). Gives: a number that changes with the entries of earlier
-- appends, one row.
SELECT coalesce(bit_xor(hash(quarantine_no, append_no, accepted_no, discarded_at, again_nos)), 0)::UBIGINT
FROM quarantine
WHERE append_no < $append_no

-- name: has_common_entries
-- Reads: quarantine, input_rows (source, event_id, code, raw). Takes: $first and $last (appends of an import).
-- Gives: true if any of these rows is the same refused event as an entry of the import, one row.
SELECT EXISTS (
    SELECT 1
    FROM quarantine AS q
    JOIN input_rows AS r
        ON q.source = r.source AND q.code = r.code AND q.raw = r.raw AND q.event_id IS NOT DISTINCT FROM r.event_id
    WHERE q.append_no BETWEEN $first AND $last
)::BOOLEAN

-- name: renumber_entries
-- Takes: $first and $last (appends of an import), $count. Changes: the import's entries of quarantine have numbers larger
-- by $count, of entries that the import does not see.
UPDATE quarantine SET quarantine_no = quarantine_no + $count WHERE append_no BETWEEN $first AND $last
