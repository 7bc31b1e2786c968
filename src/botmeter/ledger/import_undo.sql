-- name: appends
-- Reads: receipt. Takes: $append_no (an import's). Gives: it, and those of the retries of its quarantined events.
SELECT append_no::INTEGER
FROM receipt
WHERE append_no = $append_no OR retry_of = $append_no
ORDER BY append_no

-- name: counts_to_undo
-- Reads: receipt, quarantine. Takes: $append_nos. Gives: the events accepted by these, and the number of entries that
-- discard_entries discards after forget_again, one row.
SELECT
    (SELECT coalesce(sum(accepted), 0)::BIGINT FROM receipt WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))),
    (
        SELECT count(*)::BIGINT
        FROM quarantine
        WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))
            AND discarded_at IS NULL
            AND list_has_all($append_nos::INTEGER[], coalesce(again_nos, []))
    )

-- name: removed_conversations
-- Reads: event. Takes: $append_nos. Gives: removed_conversation (conversation_id, has_ticket), the conversations of
-- these events, and whether one of these events of it has a ticket.
CREATE OR REPLACE TEMP TABLE removed_conversation AS
SELECT conversation_id, count(ticket_id) > 0 AS has_ticket
FROM event
WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))
GROUP BY conversation_id

-- name: removed_bots
-- Reads: event, touchpoint. Takes: $append_nos. Gives: removed_bot (bot_id), the bots that these events name.
CREATE OR REPLACE TEMP TABLE removed_bot AS
SELECT DISTINCT p.bot_id
FROM event AS e
JOIN touchpoint AS p USING (touchpoint)
WHERE e.append_no IN (SELECT unnest($append_nos::INTEGER[])) AND e.bot_name IS NOT NULL AND p.bot_id IS NOT NULL

-- name: removed_causes
-- Reads: event, restatement. Takes: $append_nos. Gives: removed_cause (event_id), ids of these events that restatements
-- list. An erasure, which finds ids by their events, would not find them.
CREATE OR REPLACE TEMP TABLE removed_cause AS
SELECT DISTINCT event_id
FROM event
WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))
    AND event_id IN (SELECT unnest(because) FROM restatement)

-- name: keep_erased_keys
-- Reads: event. Takes: $append_nos. Changes: adds those of these events that belong to erased customers to erased_key:
-- their ids are pseudonyms, so their keys differ from them.
INSERT INTO erased_key
SELECT event_key, occurred_at
FROM event
WHERE append_no IN (SELECT unnest($append_nos::INTEGER[])) AND is_erased AND event_key <> hash(source, event_id)

-- name: delete_spans
-- Reads: removed_conversation. Takes: nothing. Changes: deletes the rows of these conversations from conversation_span.
DELETE FROM conversation_span
WHERE conversation_key IN (SELECT hash(conversation_id) FROM removed_conversation)
    AND conversation_id IN (SELECT conversation_id FROM removed_conversation)

-- name: insert_spans
-- Reads: event, removed_conversation. Takes: $append_nos. Changes: adds a row for each of these conversations to
-- conversation_span, from its other events; running ones last.
INSERT INTO conversation_span (conversation_id, created_at, first_event_at, last_event_at, conversation_key)
SELECT
    conversation_id,
    min(occurred_at) FILTER (WHERE kind = 1),
    min(occurred_at),
    max(occurred_at) AS last_event_at,
    hash(conversation_id)
FROM event
WHERE append_no NOT IN (SELECT unnest($append_nos::INTEGER[]))
    AND conversation_id IN (SELECT conversation_id FROM removed_conversation)
GROUP BY conversation_id
ORDER BY last_event_at, conversation_id

-- name: delete_tickets
-- Reads: removed_conversation. Takes: nothing. Changes: deletes the tickets of conversations that lose one from
-- conversation_ticket.
DELETE FROM conversation_ticket
WHERE conversation_id IN (SELECT conversation_id FROM removed_conversation WHERE has_ticket)

-- name: insert_tickets
-- Reads: event, removed_conversation. Takes: $append_nos. Changes: adds those of their other events again.
INSERT INTO conversation_ticket
SELECT DISTINCT conversation_id, ticket_id, ticket_type
FROM event
WHERE append_no NOT IN (SELECT unnest($append_nos::INTEGER[]))
    AND ticket_id IS NOT NULL
    AND conversation_id IN (SELECT conversation_id FROM removed_conversation WHERE has_ticket)

-- name: delete_bot_names
-- Reads: removed_bot. Takes: nothing. Changes: deletes these bots from bot_name_sent; all other events name them again.
DELETE FROM bot_name_sent WHERE bot_id IN (SELECT bot_id FROM removed_bot)

-- name: removed_bot_count
-- Reads: removed_bot. Takes: nothing. Gives: the number of rows, one row.
SELECT count(*)::BIGINT FROM removed_bot

-- name: forget_causes
-- Reads: removed_cause. Takes: nothing. Changes: removes these ids from the lists of restatement; their numbers stay.
UPDATE restatement
SET because = remaining.because
FROM (
    SELECT listed.row_id,
        coalesce(list(event_id ORDER BY event_id) FILTER (WHERE event_id NOT IN (SELECT event_id FROM removed_cause)), [])
            AS because
    FROM (SELECT rowid AS row_id, unnest(because) AS event_id FROM restatement) AS listed
    GROUP BY listed.row_id
    HAVING bool_or(event_id IN (SELECT event_id FROM removed_cause))
) AS remaining
WHERE restatement.rowid = remaining.row_id

-- name: drop_removed_conversations
-- Changes: removed_conversation is dropped, and its memory freed.
DROP TABLE removed_conversation

-- name: drop_removed_bots
-- Changes: removed_bot is dropped.
DROP TABLE removed_bot

-- name: drop_removed_causes
-- Changes: removed_cause is dropped.
DROP TABLE removed_cause

-- name: mark_undone
-- Takes: $append_no, $now, $by, $reason. Changes: the import is undone.
UPDATE file_import SET undone_at = $now, undone_by = $by, undone_for = $reason WHERE append_no = $append_no

-- name: forget_acceptance
-- Takes: $append_nos. Changes: entries of quarantine whose corrected event came from these wait again.
UPDATE quarantine SET accepted_no = NULL WHERE accepted_no IN (SELECT unnest($append_nos::INTEGER[]))

-- name: forget_again
-- Takes: $append_nos. Changes: removes these from again_nos of quarantine.
UPDATE quarantine
SET again_nos = nullif(list_filter(again_nos, lambda again_no: NOT list_contains($append_nos::INTEGER[], again_no)), [])
WHERE again_nos IS NOT NULL

-- name: discard_entries
-- Takes: $append_nos, $now, $by, $reason. Changes: their entries of quarantine that nothing else brought are
-- discarded. Gives: their number, one row.
UPDATE quarantine
SET discarded_at = $now, discarded_by = $by, discarded_for = $reason
WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))
    AND again_nos IS NULL AND discarded_at IS NULL

-- name: keep_repeated_entries
-- Takes: $append_nos. Changes: their entries that another import brought, too, are that import's. Those that another
-- submission brought keep the number of the undone one.
UPDATE quarantine
SET append_no = list_min(list_filter(again_nos, lambda again_no: again_no > 0)),
    again_nos = nullif(
        list_filter(again_nos, lambda again_no: again_no <> list_min(list_filter(again_nos, lambda other: other > 0))), []
    )
WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))
    AND discarded_at IS NULL
    AND list_max(again_nos) > 0

-- name: later_repeats
-- Reads: receipt, file_import. Takes: $append_no (an import's), $source. Gives: (import_no, label, duplicates,
-- conflicts) of the later imports in force of the source with any, in order; then all other later submissions of it
-- together (null, empty).
SELECT i.import_no::INTEGER, coalesce(i.file_name, '')::VARCHAR, sum(r.duplicates)::BIGINT, sum(r.conflicts)::BIGINT
FROM receipt AS r
LEFT JOIN file_import AS i USING (append_no)
WHERE r.append_no > $append_no AND r.source = $source AND r.duplicates + r.conflicts > 0 AND i.undone_at IS NULL
GROUP BY i.import_no, i.file_name
ORDER BY i.import_no NULLS LAST
