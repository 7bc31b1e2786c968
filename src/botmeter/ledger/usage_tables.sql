-- name: touched_rows_none
-- Reads: conversation_day. Takes: nothing. Gives: touched_row, empty: everything is counted again.
CREATE OR REPLACE TEMP TABLE touched_row AS
SELECT day, conversation_id, preview, has_other_rows
FROM conversation_day
LIMIT 0

-- name: touched_days
-- Reads: old_session, fresh_session. Takes: nothing.
-- Gives: touched_day (day), the UTC days of sessions before and after they were metered again.
CREATE OR REPLACE TEMP TABLE touched_day AS
SELECT DISTINCT DATE '1970-01-01' + (started_at // 86400000000)::INTEGER AS day
FROM (SELECT started_at FROM old_session UNION ALL SELECT started_at FROM fresh_session)

-- name: touched_conversations
-- Reads: old_participation, fresh_participation, event. Takes: $append_no (the first of this commit), $all.
-- Gives: touched_conversation (conversation_id): those whose parts in sessions metered again have changed ($all: all of
-- these), or newly linked to a ticket.
CREATE OR REPLACE TEMP TABLE touched_conversation AS
SELECT conversation_id
FROM (
    SELECT session_id, started_at, conversation_id, touchpoint, preview, 1 AS change FROM old_participation
    UNION ALL
    SELECT session_id::UUID, started_at, conversation_id, touchpoint, preview, -1 FROM fresh_participation
)
GROUP BY session_id, started_at, conversation_id, touchpoint, preview
HAVING sum(change) <> 0 OR $all
UNION
SELECT conversation_id FROM event WHERE append_no >= $append_no AND ticket_id IS NOT NULL

-- name: touched_rows
-- Reads: conversation_day, touched_conversation. Takes: nothing.
-- Gives: touched_row, a copy of the rows of those conversations on any day. The one scan of all days:
-- their keys are found first, and only then these rows are read.
CREATE OR REPLACE TEMP TABLE touched_row AS
WITH matched AS MATERIALIZED (
    SELECT rowid AS row_id
    FROM conversation_day
    WHERE conversation_key IN (SELECT hash(conversation_id) FROM touched_conversation)
),
whole AS MATERIALIZED (
    SELECT day, conversation_id, preview, has_other_rows
    FROM conversation_day
    WHERE rowid IN (SELECT row_id FROM matched)
)
SELECT day, conversation_id, preview, has_other_rows
FROM whole
WHERE conversation_id IN (SELECT conversation_id FROM touched_conversation)

-- name: touched_ticket_days
-- Reads: event, touched_row. Takes: $append_no (the first of this commit). Changes: adds the days of conversations
-- newly linked to a ticket to touched_day.
INSERT INTO touched_day
SELECT DISTINCT day
FROM touched_row
WHERE conversation_id IN (SELECT conversation_id FROM event WHERE append_no >= $append_no AND ticket_id IS NOT NULL)
    AND day NOT IN (SELECT day FROM touched_day)

-- name: touched_bounds
-- Reads: touched_day. Takes: nothing. Gives: start of the first day and end of the last, µs UTC, one row.
SELECT epoch_us(min(day)::TIMESTAMP)::BIGINT, epoch_us((max(day) + 1)::TIMESTAMP)::BIGINT FROM touched_day

-- name: days_to_count
-- Reads: touched_day. Takes: nothing. Gives: its days, in any order, for the statements that are limited to them.
SELECT day FROM touched_day

-- name: conversations_to_count
-- Reads: touched_conversation. Takes: nothing. Gives: its conversations, in any order, for the statements that are
-- limited to them.
SELECT conversation_id FROM touched_conversation

-- name: input_conversations
-- Reads: input_rows. Takes: nothing. Gives: its conversations, in any order, for the statements that are limited to them.
SELECT conversation_id FROM input_rows

-- name: day_counts
-- Reads: session_usage. Takes: {touched}: the days.
-- Gives: old_day_count (day, session_count) before they are counted again.
CREATE OR REPLACE TEMP TABLE old_day_count AS
SELECT day, sum(session_count)::BIGINT AS session_count
FROM session_usage
WHERE {touched}
GROUP BY day

-- name: delete_session_usage
-- Takes: {touched}: the days. Changes: deletes those days from session_usage.
DELETE FROM session_usage WHERE {touched}

-- name: insert_session_usage
-- Reads: session. Takes: $start, $end (µs UTC around the days); {touched}: the days. Changes: adds the sessions of
-- those days to session_usage, counted by every filter and split.
INSERT INTO session_usage
SELECT day, footprint, opening_touchpoint, preview, count(*)
FROM (SELECT DATE '1970-01-01' + (started_at // 86400000000)::INTEGER AS day, * FROM session)
WHERE started_at >= $start AND started_at < $end AND {touched}
GROUP BY ALL
ORDER BY ALL

-- name: ticket_count
-- Reads: conversation_ticket, session_ticket. Takes: nothing. Gives: the number of rows of both, one row.
SELECT ((SELECT count(*) FROM conversation_ticket) + (SELECT count(*) FROM session_ticket))::BIGINT

-- name: delete_session_tickets
-- Takes: {touched}: the days and conversations. Changes: deletes them from session_ticket.
DELETE FROM session_ticket WHERE {touched}

-- name: session_ticket_sets
-- Reads: participation, conversation_ticket. Takes: $start, $end (µs UTC around the days); {touched}: the days and
-- conversations; {conversations}: the latter alone.
-- Gives: (day, session_id, conversation_id, preview, members) of each session × conversation with a ticket, members ascending.
SELECT day::DATE AS day, session_id::VARCHAR AS session_id, conversation_id::VARCHAR AS conversation_id,
    preview::BOOLEAN AS preview, list(DISTINCT touchpoint ORDER BY touchpoint)::INTEGER[] AS members
FROM (SELECT DATE '1970-01-01' + (started_at // 86400000000)::INTEGER AS day, * FROM participation)
WHERE started_at >= $start AND started_at < $end AND {touched}
    AND conversation_id IN (SELECT conversation_id FROM conversation_ticket WHERE {conversations})
GROUP BY day, session_id, conversation_id, preview
ORDER BY day, session_id, conversation_id

-- name: insert_session_tickets
-- Reads: input_rows (day, session_id, conversation_id, preview, footprint), conversation_ticket. Takes: nothing.
-- Changes: adds a row for each of these × ticket × type to session_ticket; 'unknown' for a ticket without a type.
INSERT INTO session_ticket
SELECT s.day, s.session_id::UUID, s.conversation_id, t.ticket_id, t.ticket_type, s.footprint, s.preview
FROM input_rows AS s
JOIN (
    SELECT conversation_id, ticket_id, unnest(coalesce(list(DISTINCT ticket_type) FILTER (WHERE ticket_type IS NOT NULL), ['unknown'])) AS ticket_type
    FROM conversation_ticket
    WHERE conversation_id IN (SELECT conversation_id FROM input_rows)
    GROUP BY conversation_id, ticket_id
) AS t USING (conversation_id)
ORDER BY s.day

-- name: delete_conversation_days
-- Takes: {touched}: the days and conversations. Changes: deletes them from conversation_day.
DELETE FROM conversation_day WHERE {touched}

-- name: participation_count
-- Reads: participation. Takes: nothing. Gives: the number of rows, one row.
SELECT count(*)::BIGINT FROM participation

-- name: all_participations
-- Reads: participation. Takes: nothing.
-- Gives: (conversation_id, touchpoint, started_at, preview) of each row, in any order.
SELECT conversation_id::VARCHAR AS conversation_id, touchpoint::INTEGER AS touchpoint, started_at::BIGINT AS started_at,
    preview::BOOLEAN AS preview
FROM participation

-- name: conversation_sets
-- Reads: participation. Takes: $start, $end (µs UTC around the days); {touched}: the days and conversations.
-- Gives: conversation_set, one row per day × conversation × preview, with the least and the greatest touchpoint.
CREATE OR REPLACE TEMP TABLE conversation_set AS
SELECT day, conversation_id, preview, min(touchpoint) AS low, max(touchpoint) AS high
FROM (SELECT DATE '1970-01-01' + (started_at // 86400000000)::INTEGER AS day, * FROM participation)
WHERE started_at >= $start AND started_at < $end AND {touched}
GROUP BY day, conversation_id, preview

-- name: conversation_sets_several
-- Reads: conversation_set, participation. Takes: $start, $end (µs UTC around the days).
-- Gives: (day, conversation_id, preview, touchpoint) of each set of more than one touchpoint, one row per touchpoint, in
-- their order. Not as lists, which DuckDB keeps in memory until the last one is complete.
SELECT c.day::DATE AS day, c.conversation_id::VARCHAR AS conversation_id, c.preview::BOOLEAN AS preview,
    x.touchpoint::INTEGER AS touchpoint
FROM conversation_set AS c
JOIN participation AS x
    ON x.conversation_id = c.conversation_id
    AND x.preview = c.preview
    AND DATE '1970-01-01' + (x.started_at // 86400000000)::INTEGER = c.day
WHERE c.low < c.high AND x.started_at >= $start AND x.started_at < $end
GROUP BY c.day, c.conversation_id, c.preview, x.touchpoint
ORDER BY c.day, c.conversation_id, c.preview, x.touchpoint

-- name: conversation_row_counts
-- Reads: conversation_set, touched_row, touched_day. Takes: {untouched}: the rows that stay.
-- Gives: row_count (conversation_id, row_count), the present number of rows per conversation, where it has several.
CREATE OR REPLACE TEMP TABLE row_count AS
SELECT conversation_id, count(*) AS row_count
FROM (
    SELECT conversation_id FROM conversation_set
    UNION ALL
    SELECT conversation_id FROM touched_row WHERE {untouched}
)
GROUP BY conversation_id
HAVING count(*) > 1

-- name: insert_conversation_days
-- Reads: conversation_set, row_count, input_rows (day, conversation_id, preview, footprint: the sets of several).
-- Takes: nothing. Changes: adds a row for each set to conversation_day.
INSERT INTO conversation_day
SELECT c.day, c.conversation_id, c.preview, coalesce(s.footprint, c.low), n.conversation_id IS NOT NULL,
    hash(c.conversation_id)
FROM conversation_set AS c
LEFT JOIN input_rows AS s
    ON c.low < c.high AND s.day = c.day AND s.conversation_id = c.conversation_id AND s.preview = c.preview
LEFT JOIN row_count AS n ON n.conversation_id = c.conversation_id
ORDER BY c.day

-- name: row_changes
-- Reads: touched_row, touched_day, row_count. Takes: nothing.
-- Gives: row_change, the rows on other days whose `has_other_rows` is outdated.
CREATE OR REPLACE TEMP TABLE row_change AS
SELECT t.day, t.conversation_id, t.preview, n.conversation_id IS NOT NULL AS has_other_rows
FROM touched_row AS t
LEFT JOIN row_count AS n ON n.conversation_id = t.conversation_id
WHERE t.day NOT IN (SELECT day FROM touched_day) AND t.has_other_rows <> (n.conversation_id IS NOT NULL)

-- name: row_change_bounds
-- Reads: row_change. Takes: nothing. Gives: the first and the last of its days (null: none), one row.
SELECT min(day)::DATE, max(day)::DATE FROM row_change

-- name: update_other_rows
-- Reads: row_change. Takes: $first, $last (its days). Changes: corrects has_other_rows of those rows in
-- conversation_day.
UPDATE conversation_day
SET has_other_rows = c.has_other_rows
FROM row_change AS c
WHERE conversation_day.day >= $first AND conversation_day.day <= $last
    AND conversation_day.day = c.day
    AND conversation_day.conversation_id = c.conversation_id
    AND conversation_day.preview = c.preview

-- name: row_change_days
-- Reads: row_change. Takes: nothing. Changes: adds the days of those rows to touched_day.
INSERT INTO touched_day
SELECT DISTINCT day FROM row_change

-- name: delete_conversation_usage
-- Takes: {touched}: the days. Changes: deletes those days from conversation_usage.
DELETE FROM conversation_usage WHERE {touched}

-- name: insert_conversation_usage
-- Reads: conversation_day. Takes: {touched}: the days. Changes: adds the number of those days' conversations with one
-- row to conversation_usage.
INSERT INTO conversation_usage
SELECT day, footprint, preview, count(*)
FROM conversation_day
WHERE NOT has_other_rows AND {touched}
GROUP BY ALL
ORDER BY ALL

-- name: upsert_bot_names
-- Reads: {events} (event, or input_rows with these events), touchpoint. Takes: $append_no (the first of this commit).
-- Changes: sets the name of each bot in
-- bot_name_sent from its latest event with one; of several at one instant, the greatest, so that their order doesn't
-- matter.
INSERT INTO bot_name_sent
SELECT
    p.bot_id,
    arg_max(e.bot_name, (e.occurred_at, e.bot_name)) AS bot_name,
    max(e.occurred_at) AS named_at
FROM {events} AS e
JOIN touchpoint AS p USING (touchpoint)
WHERE e.append_no >= $append_no AND e.bot_name IS NOT NULL AND p.bot_id IS NOT NULL
GROUP BY p.bot_id
ON CONFLICT (bot_id) DO UPDATE
SET bot_name = excluded.bot_name, named_at = excluded.named_at
WHERE (excluded.named_at, excluded.bot_name) > (bot_name_sent.named_at, bot_name_sent.bot_name)

-- name: insert_tickets
-- Reads: {events} (event, or input_rows with these events), conversation_ticket. Takes: $append_no (the first of this
-- commit).
-- Changes: adds the new tickets of these events to conversation_ticket, each once.
INSERT INTO conversation_ticket
SELECT DISTINCT e.conversation_id, e.ticket_id, e.ticket_type
FROM {events} AS e
WHERE e.append_no >= $append_no
    AND e.ticket_id IS NOT NULL
    AND NOT EXISTS (
        SELECT 1
        FROM conversation_ticket AS t
        WHERE t.conversation_id = e.conversation_id
            AND t.ticket_id = e.ticket_id
            AND t.ticket_type IS NOT DISTINCT FROM e.ticket_type
    )

-- name: session_counts
-- Reads: session_usage. Takes: $days (from 1970-01-01).
-- Gives: (day, footprint, opening_touchpoint, preview, session_count) of these days, in any order.
SELECT day - DATE '1970-01-01', footprint, opening_touchpoint, preview, session_count
FROM session_usage
WHERE day IN (SELECT DATE '1970-01-01' + unnest($days::INTEGER[]))

-- name: delete_session_counts
-- Takes: $day (from 1970-01-01). Changes: deletes this day from session_usage.
DELETE FROM session_usage WHERE day = DATE '1970-01-01' + $day::INTEGER

-- name: insert_session_counts
-- Reads: input_rows. Takes: nothing. Changes: adds these counts to session_usage.
INSERT INTO session_usage
SELECT DATE '1970-01-01' + column_0::INTEGER, column_1, column_2, column_3, column_4 FROM input_rows

-- name: conversation_rows
-- Reads: conversation_day, input_rows (conversation_id, conversation_key). Takes: nothing.
-- Gives: (conversation_id, day, preview, footprint, has_other_rows) of those conversations' rows on any day, in any
-- order. Their keys are found first, and only then these rows are read.
WITH matched AS MATERIALIZED (
    SELECT rowid AS row_id
    FROM conversation_day
    WHERE conversation_key IN (SELECT conversation_key FROM input_rows)
),
whole AS MATERIALIZED (
    SELECT day, conversation_id, preview, footprint, has_other_rows
    FROM conversation_day
    WHERE rowid IN (SELECT row_id FROM matched)
)
SELECT conversation_id::VARCHAR, (day - DATE '1970-01-01')::INTEGER, preview::BOOLEAN, footprint::INTEGER,
    has_other_rows::BOOLEAN
FROM whole
WHERE conversation_id IN (SELECT conversation_id FROM input_rows)

-- name: insert_conversation_rows
-- Reads: input_rows. Takes: nothing. Changes: adds these rows to conversation_day.
INSERT INTO conversation_day
SELECT DATE '1970-01-01' + day::INTEGER, conversation_id, preview, footprint, has_other_rows, hash(conversation_id)
FROM input_rows

-- name: update_conversation_rows
-- Reads: input_rows. Takes: $first, $last (its days, from 1970-01-01). Changes: footprint and has_other_rows of these rows
-- of conversation_day.
UPDATE conversation_day
SET footprint = i.footprint, has_other_rows = i.has_other_rows
FROM input_rows AS i
WHERE conversation_day.day >= DATE '1970-01-01' + $first::INTEGER
    AND conversation_day.day <= DATE '1970-01-01' + $last::INTEGER
    AND conversation_day.day = DATE '1970-01-01' + i.day::INTEGER
    AND conversation_day.conversation_id = i.conversation_id
    AND conversation_day.preview = i.preview

-- name: delete_conversation_rows
-- Reads: input_rows (day, from 1970-01-01, conversation_id, preview). Takes: $first, $last (its days). Changes: deletes
-- these rows from conversation_day.
DELETE FROM conversation_day
USING input_rows AS i
WHERE conversation_day.day >= DATE '1970-01-01' + $first::INTEGER
    AND conversation_day.day <= DATE '1970-01-01' + $last::INTEGER
    AND conversation_day.day = DATE '1970-01-01' + i.day::INTEGER
    AND conversation_day.conversation_id = i.conversation_id
    AND conversation_day.preview = i.preview

-- name: usage_parts
-- Reads: participation, input_rows (conversation_id). Takes: $start, $end (µs UTC).
-- Gives: (conversation_id, day, preview, touchpoint) of the distinct parts of these conversations in sessions that
-- started in this half-open span; the day counts from 1970-01-01; in any order.
SELECT DISTINCT conversation_id::VARCHAR, (started_at // 86400000000)::INTEGER, preview::BOOLEAN, touchpoint::INTEGER
FROM participation
WHERE started_at >= $start AND started_at < $end AND conversation_id IN (SELECT conversation_id FROM input_rows)

-- name: conversation_counts
-- Reads: conversation_usage. Takes: $days (from 1970-01-01).
-- Gives: (day, footprint, preview, conversation_count) of these days, in any order.
SELECT day - DATE '1970-01-01', footprint, preview, conversation_count
FROM conversation_usage
WHERE day IN (SELECT DATE '1970-01-01' + unnest($days::INTEGER[]))

-- name: delete_conversation_counts
-- Takes: $day (from 1970-01-01). Changes: deletes this day from conversation_usage.
DELETE FROM conversation_usage WHERE day = DATE '1970-01-01' + $day::INTEGER

-- name: insert_conversation_counts
-- Reads: input_rows. Takes: nothing. Changes: adds these counts to conversation_usage.
INSERT INTO conversation_usage
SELECT DATE '1970-01-01' + column_0::INTEGER, column_1, column_2, column_3 FROM input_rows

-- name: conversation_keys
-- Reads: conversation_day. Takes: nothing. Gives: the key of its conversation for each row, in any order.
SELECT conversation_key::UBIGINT AS conversation_key FROM conversation_day

-- name: ticket_keys
-- Reads: conversation_ticket. Takes: nothing. Gives: the key of its conversation for each row, in any order.
SELECT hash(conversation_id)::UBIGINT AS conversation_key FROM conversation_ticket

-- name: fresh_keys
-- Reads: fresh_participation. Takes: nothing. Gives: the key of its conversation for each row, in any order.
SELECT hash(conversation_id)::UBIGINT AS conversation_key FROM fresh_participation

-- name: bot_names
-- Reads: bot_name_sent. Takes: nothing. Gives: (bot_id, named_at, bot_name) of each bot, in any order.
SELECT bot_id::VARCHAR, named_at::BIGINT, bot_name::VARCHAR FROM bot_name_sent

-- name: update_bot_names
-- Reads: input_rows (bot_id, bot_name, named_at). Takes: nothing. Changes: the names of these bots in bot_name_sent.
UPDATE bot_name_sent
SET bot_name = i.bot_name, named_at = i.named_at
FROM input_rows AS i
WHERE bot_name_sent.bot_id = i.bot_id

-- name: insert_bot_names
-- Reads: input_rows (bot_id, bot_name, named_at). Takes: nothing. Changes: adds these bots to bot_name_sent.
INSERT INTO bot_name_sent
SELECT bot_id, bot_name, named_at FROM input_rows
