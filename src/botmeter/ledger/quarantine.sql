-- name: waiting_alike
-- Reads: quarantine, input_rows (event_id). Takes: $source.
-- Gives: waiting_alike, the source's waiting entries with the event ids of these rows.
CREATE OR REPLACE TEMP TABLE waiting_alike AS
SELECT quarantine_no, append_no, event_id, code, raw
FROM quarantine
WHERE source = $source AND accepted_no IS NULL AND discarded_at IS NULL
    AND coalesce(event_id, '') IN (SELECT coalesce(event_id, '') FROM input_rows)

-- name: rejected_again
-- Reads: waiting_alike, input_rows (event_id, code, raw). Takes: $append_no.
-- Gives: the numbers of the entries of other submissions that were rejected again.
SELECT DISTINCT w.quarantine_no::BIGINT AS quarantine_no
FROM waiting_alike AS w
JOIN input_rows AS r ON w.code = r.code AND w.raw = r.raw AND w.event_id IS NOT DISTINCT FROM r.event_id
WHERE w.append_no <> $append_no
ORDER BY quarantine_no

-- name: note_again
-- Takes: $numbers, $again_no. Changes: these entries have $again_no in again_nos, once.
UPDATE quarantine
SET again_nos = list_append(coalesce(again_nos, []::INTEGER[]), $again_no::INTEGER)
WHERE quarantine_no IN (SELECT unnest($numbers::BIGINT[]))
    AND NOT list_contains(coalesce(again_nos, []::INTEGER[]), $again_no::INTEGER)

-- name: insert_rejected
-- Reads: quarantine, waiting_alike, input_rows (index, event_id, code, detail, raw). Takes: $source, $append_no, $now,
-- $is_pulled. Changes: adds the rejected events to quarantine, each once however often it was sent. One that was
-- discarded, or accepted after its correction, waits again.
INSERT INTO quarantine
SELECT
    (SELECT coalesce(max(quarantine_no), 0) FROM quarantine) + row_number() OVER (ORDER BY r.index),
    $append_no, $now, $source, r.index, r.event_id, r.code, r.detail, r.raw, $is_pulled, NULL, NULL, NULL, NULL, NULL
FROM (
    SELECT DISTINCT ON (code, raw, event_id) * FROM input_rows ORDER BY code, raw, event_id, index
) AS r
WHERE NOT EXISTS (
    SELECT 1
    FROM waiting_alike AS w
    WHERE w.code = r.code AND w.raw = r.raw AND w.event_id IS NOT DISTINCT FROM r.event_id
)

-- name: numbers
-- Reads: quarantine. Takes: $is_discarded, $code, $source, $search, $numbers (each null: any), $finds_content.
-- Gives: the numbers of the chosen entries, ascending. Of bytes that are not UTF-8, only ASCII is searched.
SELECT quarantine_no::BIGINT
FROM quarantine
WHERE (discarded_at IS NOT NULL) = $is_discarded
    AND ($is_discarded OR accepted_no IS NULL)
    AND ($code IS NULL OR code = $code)
    AND ($source IS NULL OR source = $source)
    AND ($numbers IS NULL OR quarantine_no IN (SELECT unnest($numbers::BIGINT[])))
    AND (
        $search IS NULL
        OR contains(lower(coalesce(event_id, '')), lower($search))
        OR contains(lower(detail), lower($search))
        OR ($finds_content AND contains(lower(coalesce(TRY(decode(raw)), raw::VARCHAR)), lower($search)))
    )
ORDER BY quarantine_no

-- name: quarantined
-- Reads: quarantine. Takes: {numbers} and its values, $after (a number), $limit, $raw_bytes_max (null: none).
-- Gives: the chosen entries, by number.
SELECT
    quarantine_no::BIGINT, append_no::INTEGER, recorded_at::BIGINT, source::VARCHAR, position::BIGINT,
    event_id::VARCHAR, code::VARCHAR, detail::VARCHAR,
    (CASE WHEN $raw_bytes_max IS NULL THEN raw ELSE raw[1:$raw_bytes_max::BIGINT] END)::BLOB,
    is_pulled::BOOLEAN, discarded_at::BIGINT, discarded_by::VARCHAR, discarded_for::VARCHAR
FROM quarantine
WHERE quarantine_no IN ({numbers}) AND quarantine_no > $after
ORDER BY quarantine_no
LIMIT coalesce($limit, 9223372036854775807)

-- name: quarantined_by
-- Reads: quarantine. Takes: $append_no, $limit. Gives: the entries that a submission brought, new or again, by position.
SELECT
    quarantine_no::BIGINT, append_no::INTEGER, recorded_at::BIGINT, source::VARCHAR, position::BIGINT,
    event_id::VARCHAR, code::VARCHAR, detail::VARCHAR, raw::BLOB,
    is_pulled::BOOLEAN, discarded_at::BIGINT, discarded_by::VARCHAR, discarded_for::VARCHAR
FROM quarantine
WHERE append_no = $append_no OR list_contains(again_nos, $append_no)
ORDER BY position, quarantine_no
LIMIT $limit

-- name: waiting_positions
-- Reads: waiting. Takes: $append_no. Gives: (append_no, position) of the entries of that append and later ones.
SELECT append_no::INTEGER, position::BIGINT FROM waiting WHERE append_no >= $append_no ORDER BY ALL

-- name: groups
-- Reads: quarantine. Takes: {numbers} and its values.
-- Gives: (code, number of entries, latest recording in µs UTC, sources in order, number of the newest entry) of the
-- chosen entries, most first.
SELECT
    code::VARCHAR, count(*)::BIGINT AS entry_count, max(recorded_at)::BIGINT,
    list(DISTINCT source ORDER BY source)::VARCHAR[], max(quarantine_no)::BIGINT
FROM quarantine
WHERE quarantine_no IN ({numbers})
GROUP BY code
ORDER BY entry_count DESC, code

-- name: sources
-- Reads: quarantine. Takes: nothing. Gives: the sources of entries that wait or are discarded, by name.
SELECT DISTINCT source::VARCHAR FROM quarantine WHERE accepted_no IS NULL OR discarded_at IS NOT NULL ORDER BY ALL

-- name: discarded_count
-- Reads: quarantine. Takes: nothing. Gives: the number of discarded entries, one row.
SELECT count(*)::BIGINT FROM quarantine WHERE discarded_at IS NOT NULL

-- name: quarantine_counts
-- Reads: waiting. Takes: $from_us (µs UTC of the first refusal; null: any). Gives: (code, number of events), most first.
SELECT code::VARCHAR, count(*)::BIGINT
FROM waiting
WHERE $from_us IS NULL OR recorded_at >= $from_us::BIGINT
GROUP BY code
ORDER BY count(*) DESC, code

-- name: quarantine_counts_of
-- Reads: waiting. Takes: $source. Gives: (code, number of the source's events), most first.
SELECT code::VARCHAR, count(*)::BIGINT AS event_count
FROM waiting
WHERE source = $source
GROUP BY code
ORDER BY event_count DESC, code

-- name: discard
-- Takes: $numbers, $reason, $now, $by. Changes: those of these entries that wait are discarded. Gives: their number, one
-- row.
UPDATE quarantine
SET discarded_at = $now, discarded_by = $by, discarded_for = $reason
WHERE quarantine_no IN (SELECT unnest($numbers::BIGINT[])) AND discarded_at IS NULL AND accepted_no IS NULL

-- name: restore
-- Takes: $numbers. Changes: those of these entries that are discarded no longer are. Gives: their number, one row.
UPDATE quarantine
SET discarded_at = NULL, discarded_by = NULL, discarded_for = NULL
WHERE quarantine_no IN (SELECT unnest($numbers::BIGINT[])) AND discarded_at IS NOT NULL

-- name: release
-- Takes: $numbers, $append_no. Changes: these entries are accepted by that submission, if by no earlier one.
UPDATE quarantine
SET accepted_no = $append_no
WHERE quarantine_no IN (SELECT unnest($numbers::BIGINT[])) AND accepted_no IS NULL

-- name: has_correctable
-- Reads: quarantine. Takes: nothing. Gives: true if an accepted event could correct an entry, one row. The entry of a
-- conflict has the id of an accepted event already.
SELECT EXISTS (
    SELECT 1 FROM quarantine WHERE accepted_no IS NULL AND event_id IS NOT NULL AND code <> 'conflict'
)::BOOLEAN

-- name: note_accepted
-- Reads: event. Takes: $append_no (the first of this commit). Changes: entries of earlier submissions whose event is
-- among these, by source and event_id, are accepted. Gives: their number, one row.
UPDATE quarantine
SET accepted_no = e.append_no
FROM event AS e
WHERE e.append_no >= $append_no
    AND e.source = quarantine.source
    AND e.event_id = quarantine.event_id
    AND quarantine.append_no < e.append_no
    AND quarantine.accepted_no IS NULL
    AND quarantine.code <> 'conflict'

-- name: delete
-- Reads: quarantine. Takes: $numbers. Changes: deletes these from quarantine.
DELETE FROM quarantine WHERE quarantine_no IN (SELECT unnest($numbers::BIGINT[]))
