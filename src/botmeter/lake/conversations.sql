-- name: unknown_ticket
-- Reads: fresh_ticket, conversation_ticket. Takes: nothing.
-- Gives: unknown_ticket, the conversations × tickets × types of new events that are not stored.
CREATE TEMP TABLE unknown_ticket AS
SELECT DISTINCT f.conversation_id, f.ticket_id, f.ticket_type
FROM fresh_ticket AS f
WHERE NOT EXISTS (
    SELECT 1
    FROM conversation_ticket AS t
    WHERE t.conversation_id = f.conversation_id
        AND t.ticket_id = f.ticket_id
        AND t.ticket_type IS NOT DISTINCT FROM f.ticket_type
)

-- name: touched_conversation
-- Reads: fresh_part, removed_part, unknown_ticket, recounted. Takes: nothing.
-- Gives: touched_conversation, those of which a session was added or removed, with a ticket that is not stored, or of
-- recounted.
CREATE TEMP TABLE touched_conversation AS
SELECT conversation_id FROM fresh_part
UNION
SELECT conversation_id FROM removed_part
UNION
SELECT conversation_id FROM unknown_ticket
UNION
SELECT conversation_id FROM recounted

-- name: stored_day
-- Reads: conversation_day, touched_conversation. Takes: nothing.
-- Gives: stored_day, the stored rows of touched conversations.
CREATE TEMP TABLE stored_day AS
SELECT (day - DATE '1970-01-01')::INTEGER AS day, conversation_id, preview, footprint, has_other_rows
FROM conversation_day
WHERE conversation_id IN (SELECT conversation_id FROM touched_conversation)

-- name: touched_day
-- Reads: fresh_part, removed_part, stored_day, unknown_ticket, recounted. Takes: nothing.
-- Gives: touched_day, the days and conversations to count again: all days of one with a ticket that is not stored, and of
-- recounted.
CREATE TEMP TABLE touched_day AS
SELECT day, conversation_id FROM fresh_part
UNION
SELECT day, conversation_id FROM removed_part
UNION
SELECT day, conversation_id
FROM stored_day
WHERE conversation_id IN (SELECT conversation_id FROM unknown_ticket UNION SELECT conversation_id FROM recounted)

-- name: touched_rows
-- Reads: touched_day. Takes: nothing. Gives: its rows, in any order.
SELECT day::INTEGER AS day, conversation_id::VARCHAR AS conversation_id FROM touched_day

-- name: stored_day_rows
-- Reads: stored_day. Takes: nothing. Gives: its rows, in any order.
SELECT
    day::INTEGER AS day, conversation_id::VARCHAR AS conversation_id, preview::BOOLEAN AS preview,
    footprint::INTEGER AS footprint, has_other_rows::BOOLEAN AS has_other_rows
FROM stored_day

-- name: stored_tickets
-- Reads: session_ticket, touched_conversation. Takes: nothing.
-- Gives: the stored session tickets of touched conversations, in any order.
SELECT
    (day - DATE '1970-01-01')::INTEGER AS day, session_id::VARCHAR AS session_id,
    conversation_id::VARCHAR AS conversation_id, ticket_id::VARCHAR AS ticket_id, ticket_type::VARCHAR AS ticket_type,
    footprint::INTEGER AS footprint, preview::BOOLEAN AS preview
FROM session_ticket
WHERE conversation_id IN (SELECT conversation_id FROM touched_conversation)

-- name: touched_bounds
-- Reads: touched_day. Takes: nothing. Gives: the first and the last day, one row.
SELECT min(day)::INTEGER, max(day)::INTEGER FROM touched_day

-- name: gathered
-- Reads: participation, touched_day, removed_session. Takes: $first, $end (µs UTC around the days).
-- Gives: the parts of other stored sessions with a touched conversation on a touched day, in any order.
SELECT
    x.session_id::VARCHAR AS session_id, x.conversation_id::VARCHAR AS conversation_id,
    x.touchpoint::INTEGER AS touchpoint, x.preview::BOOLEAN AS preview, (x.started_at // 86400000000)::INTEGER AS day
FROM participation AS x
JOIN touched_day AS t
    ON t.conversation_id = x.conversation_id AND t.day = (x.started_at // 86400000000)::INTEGER
WHERE x.started_at >= $first AND x.started_at < $end
    -- DuckDB 2.0.0 skips rows while reading by a condition like this, not by the join, which has two.
    AND x.conversation_id IN (SELECT conversation_id FROM touched_day)
    AND x.session_id NOT IN (SELECT session_id FROM removed_session)

-- name: kept_day
-- Reads: stored_day, touched_day. Takes: nothing. Gives: kept_day, the stored rows on other days than the touched ones.
CREATE TEMP TABLE kept_day AS
SELECT s.day, s.conversation_id, s.preview, s.footprint
FROM stored_day AS s
WHERE NOT EXISTS (SELECT 1 FROM touched_day AS t WHERE t.conversation_id = s.conversation_id AND t.day = s.day)

-- name: conversation_set
-- Reads: part. Takes: nothing.
-- Gives: conversation_set, one row per day × conversation × preview, with the least and the greatest touchpoint.
CREATE TEMP TABLE conversation_set AS
SELECT day, conversation_id, preview, min(touchpoint) AS low, max(touchpoint) AS high
FROM part
GROUP BY day, conversation_id, preview

-- name: several
-- Reads: conversation_set, part. Takes: nothing.
-- Gives: several (day, conversation_id, preview, members), the sets of more than one touchpoint.
CREATE TEMP TABLE several AS
SELECT c.day, c.conversation_id, c.preview, list(DISTINCT x.touchpoint ORDER BY x.touchpoint)::INTEGER[] AS members
FROM conversation_set AS c
JOIN part AS x ON x.conversation_id = c.conversation_id AND x.preview = c.preview AND x.day = c.day
WHERE c.low < c.high
GROUP BY c.day, c.conversation_id, c.preview

-- name: set_number
-- Reads: several. Takes: nothing. Gives: set_number (members, local_set): each set, numbered from 0.
CREATE TEMP TABLE set_number AS
SELECT members, (row_number() OVER (ORDER BY members) - 1)::INTEGER AS local_set
FROM (SELECT DISTINCT members FROM several)

-- name: ticket_of
-- Reads: part, unknown_ticket, conversation_ticket. Takes: nothing.
-- Gives: ticket_of, one row per conversation of a part × ticket × type; 'unknown' for a ticket without a type.
CREATE TEMP TABLE ticket_of AS
SELECT conversation_id, ticket_id,
    unnest(coalesce(list(DISTINCT ticket_type) FILTER (WHERE ticket_type IS NOT NULL), ['unknown'])) AS ticket_type
FROM (
    SELECT conversation_id, ticket_id, ticket_type FROM conversation_ticket
    UNION ALL
    SELECT conversation_id, ticket_id, ticket_type FROM unknown_ticket
)
WHERE conversation_id IN (SELECT conversation_id FROM part)
GROUP BY conversation_id, ticket_id

-- name: session_set
-- Reads: part, ticket_of. Takes: nothing.
-- Gives: session_set, one row per session × conversation with a ticket, with its touchpoints.
CREATE TEMP TABLE session_set AS
SELECT day, session_id, conversation_id, preview, list(DISTINCT touchpoint ORDER BY touchpoint)::INTEGER[] AS members
FROM part
WHERE conversation_id IN (SELECT conversation_id FROM ticket_of)
GROUP BY day, session_id, conversation_id, preview

-- name: more_set_numbers
-- Reads: session_set, set_number. Takes: nothing. Changes: adds its sets of several touchpoints to set_number.
INSERT INTO set_number
SELECT
    members,
    ((SELECT count(*) FROM set_number) + row_number() OVER (ORDER BY members) - 1)::INTEGER
FROM (SELECT DISTINCT members FROM session_set WHERE len(members) > 1)
WHERE members NOT IN (SELECT members FROM set_number)

-- name: sets
-- Reads: set_number. Takes: nothing. Gives: the members of each set, by its number.
SELECT members::INTEGER[] FROM set_number ORDER BY local_set

-- name: derived_day
-- Reads: conversation_set, several, set_number, kept_day. Takes: nothing.
-- Gives: derived_day, the present rows of touched conversations: footprint, or local_set where a set needs a number.
CREATE TEMP TABLE derived_day AS
SELECT
    day::INTEGER AS day, conversation_id::VARCHAR AS conversation_id, preview::BOOLEAN AS preview,
    footprint::INTEGER AS footprint, local_set::INTEGER AS local_set,
    (count(*) OVER (PARTITION BY conversation_id) > 1)::BOOLEAN AS has_other_rows
FROM (
    SELECT c.day, c.conversation_id, c.preview, c.low AS footprint, n.local_set
    FROM conversation_set AS c
    LEFT JOIN several AS s
        ON c.low < c.high AND s.day = c.day AND s.conversation_id = c.conversation_id AND s.preview = c.preview
    LEFT JOIN set_number AS n ON n.members = s.members
    UNION ALL
    SELECT day, conversation_id, preview, footprint, NULL FROM kept_day
)

-- name: derived_ticket
-- Reads: session_set, ticket_of, set_number, stored_ticket, touched_day. Takes: nothing.
-- Gives: derived_ticket, the present session tickets of touched conversations, as derived_day.
CREATE TEMP TABLE derived_ticket AS
SELECT
    s.day::INTEGER AS day, s.session_id::VARCHAR AS session_id, s.conversation_id::VARCHAR AS conversation_id,
    t.ticket_id::VARCHAR AS ticket_id, t.ticket_type::VARCHAR AS ticket_type, s.preview::BOOLEAN AS preview,
    s.members[1]::INTEGER AS footprint, n.local_set::INTEGER AS local_set
FROM session_set AS s
JOIN ticket_of AS t ON t.conversation_id = s.conversation_id
LEFT JOIN set_number AS n ON len(s.members) > 1 AND n.members = s.members
UNION ALL
SELECT o.day, o.session_id, o.conversation_id, o.ticket_id, o.ticket_type, o.preview, o.footprint, NULL
FROM stored_ticket AS o
WHERE NOT EXISTS (SELECT 1 FROM touched_day AS t WHERE t.conversation_id = o.conversation_id AND t.day = o.day)

-- name: same_conversation
-- Reads: derived_day, derived_ticket, stored_day, stored_ticket, set_number, known_set. Takes: nothing.
-- Gives: same_conversation, the stored conversations all of whose rows are derived again as they are stored.
CREATE TEMP TABLE same_conversation AS
WITH stored AS (SELECT conversation_id FROM stored_day UNION SELECT conversation_id FROM stored_ticket),
number_of AS (
    SELECT n.local_set, k.footprint FROM set_number AS n LEFT JOIN known_set AS k ON k.members = n.members
),
present_day AS (
    SELECT
        d.day, d.conversation_id, d.preview, CASE WHEN d.local_set IS NULL THEN d.footprint ELSE n.footprint END AS footprint,
        d.has_other_rows
    FROM derived_day AS d
    LEFT JOIN number_of AS n ON n.local_set = d.local_set
    WHERE d.conversation_id IN (SELECT conversation_id FROM stored)
),
present_ticket AS (
    SELECT
        d.day, d.session_id, d.conversation_id, d.ticket_id, d.ticket_type,
        CASE WHEN d.local_set IS NULL THEN d.footprint ELSE n.footprint END AS footprint, d.preview
    FROM derived_ticket AS d
    LEFT JOIN number_of AS n ON n.local_set = d.local_set
    WHERE d.conversation_id IN (SELECT conversation_id FROM stored)
),
former_day AS (
    SELECT day, conversation_id, preview, footprint, has_other_rows FROM stored_day
),
former_ticket AS (
    SELECT day, session_id, conversation_id, ticket_id, ticket_type, footprint, preview FROM stored_ticket
),
changed AS (
    SELECT conversation_id FROM (FROM former_day EXCEPT FROM present_day)
    UNION
    SELECT conversation_id FROM (FROM present_day EXCEPT FROM former_day)
    UNION
    SELECT conversation_id FROM (FROM former_ticket EXCEPT FROM present_ticket)
    UNION
    SELECT conversation_id FROM (FROM present_ticket EXCEPT FROM former_ticket)
)
SELECT conversation_id FROM stored
WHERE conversation_id NOT IN (SELECT conversation_id FROM changed)

-- name: no_same_conversation
-- Takes: nothing. Gives: same_conversation, empty.
CREATE TEMP TABLE same_conversation (conversation_id VARCHAR NOT NULL)

-- name: derived_days
-- Reads: derived_day, same_conversation. Takes: nothing.
-- Gives: the derived rows of the other conversations, in any order.
SELECT day, conversation_id, preview, footprint, local_set, has_other_rows
FROM derived_day
WHERE conversation_id NOT IN (SELECT conversation_id FROM same_conversation)

-- name: derived_tickets
-- Reads: derived_ticket, same_conversation. Takes: nothing.
-- Gives: the derived session tickets of the other conversations, in any order.
SELECT day, session_id, conversation_id, ticket_id, ticket_type, preview, footprint, local_set
FROM derived_ticket
WHERE conversation_id NOT IN (SELECT conversation_id FROM same_conversation)

-- name: replaced
-- Reads: stored_day, stored_ticket, same_conversation. Takes: nothing.
-- Gives: the conversations whose stored rows no longer count, once each, in any order.
SELECT conversation_id::VARCHAR AS conversation_id
FROM (SELECT conversation_id FROM stored_day UNION SELECT conversation_id FROM stored_ticket)
WHERE conversation_id NOT IN (SELECT conversation_id FROM same_conversation)

-- name: unknown_ticket_rows
-- Reads: unknown_ticket. Takes: nothing. Gives: its rows, in any order.
SELECT
    conversation_id::VARCHAR AS conversation_id, ticket_id::VARCHAR AS ticket_id, ticket_type::VARCHAR AS ticket_type
FROM unknown_ticket

-- name: removed_usage
-- Reads: stored_day, same_conversation. Takes: nothing.
-- Gives: (day, footprint, preview, number of stored rows alone in their conversation that no longer count), in any order.
SELECT day::INTEGER, footprint::INTEGER, preview::BOOLEAN, count(*)::BIGINT
FROM stored_day
WHERE NOT has_other_rows AND conversation_id NOT IN (SELECT conversation_id FROM same_conversation)
GROUP BY ALL
ORDER BY ALL
