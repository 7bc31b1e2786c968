-- name: matching_counts
-- Reads: matching. Gives: one row, the number of matching rows and of their sessions.
SELECT
    count(*)::BIGINT                   AS row_count,
    count(DISTINCT session_id)::BIGINT AS session_count
FROM matching

-- name: row_count
-- Reads: participation. Takes: $start_us, $end_us, $preview; {row_conditions}.
-- Gives: one row, the number of matching rows of the underlying data.
SELECT count(*)::BIGINT AS row_count
FROM participation
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND {row_conditions}

-- name: session_count
-- Reads: session. Takes: $start_us, $end_us, $footprints, $preview; {session_conditions}.
-- Gives: one row, the number of matching sessions.
SELECT count(*)::BIGINT AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR list_contains($footprints::INTEGER[], footprint))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND {session_conditions}

-- name: page_from_rows
-- Reads: matching, session, session_ticket. Takes: $start_us, $end_us, $first_on, $last_on, $low_key,
-- $high_key, $at_key, $at_line, $is_rising, $line_count; {key}, a column, {order} and
-- {ticket_conditions}.
-- Gives: as page_from_sessions, with counts, from the matching rows.
WITH part AS (
    SELECT
        session_id,
        conversation_id,
        sum(event_count) AS event_count
    FROM matching
    GROUP BY session_id, conversation_id
),
picked AS (
    SELECT
        session_id,
        count(*)                 AS conversation_count,
        sum(event_count)::BIGINT AS event_count
    FROM part
    GROUP BY session_id
),
ticketed AS (
    SELECT
        session_id,
        count(DISTINCT ticket_id) AS ticket_count
    FROM session_ticket
    SEMI JOIN part
        ON part.session_id = session_ticket.session_id AND part.conversation_id = session_ticket.conversation_id
    WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
        AND {ticket_conditions}
    GROUP BY session_id
),
line AS (
    SELECT
        picked.session_id,
        session.started_at,
        session.ended_at,
        session.customer_id,
        picked.conversation_count,
        picked.event_count,
        coalesce(ticketed.ticket_count, 0) AS ticket_count
    FROM picked
    JOIN session
        ON session.session_id = picked.session_id
        AND session.started_at >= $start_us::BIGINT
        AND session.started_at < $end_us::BIGINT
    LEFT JOIN ticketed ON ticketed.session_id = picked.session_id
)
SELECT
    {key}                AS sort_key,
    session_id::VARCHAR  AS line_session,
    started_at::BIGINT   AS line_start,
    customer_id::VARCHAR AS line_customer
FROM line
WHERE ($low_key IS NULL OR {key} >= $low_key)
    AND ($high_key IS NULL OR {key} <= $high_key)
    AND (
        $at_line::UUID IS NULL
        OR {key} <> $at_key
        OR CASE WHEN $is_rising::BOOLEAN THEN session_id >= $at_line::UUID ELSE session_id <= $at_line::UUID END
    )
ORDER BY {order}
LIMIT $line_count::BIGINT

-- name: page_from_sessions
-- Reads: session. Takes: $start_us, $end_us, $footprints, $preview, $low_key, $high_key,
-- $at_key, $at_line, $is_rising, $line_count; {key}, a column, {order} and {session_conditions}.
-- Gives: the sessions from a cursor on, inclusive, with their sort keys. A null list lets every session through;
-- all keys null: from the start of the order.
SELECT
    {key}                AS sort_key,
    session_id::VARCHAR  AS line_session,
    started_at::BIGINT   AS line_start,
    customer_id::VARCHAR AS line_customer
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR list_contains($footprints::INTEGER[], footprint))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND {session_conditions}
    AND ($low_key IS NULL OR {key} >= $low_key)
    AND ($high_key IS NULL OR {key} <= $high_key)
    AND (
        $at_line::UUID IS NULL
        OR {key} <> $at_key
        OR CASE WHEN $is_rising::BOOLEAN THEN session_id >= $at_line::UUID ELSE session_id <= $at_line::UUID END
    )
ORDER BY {order}
LIMIT $line_count::BIGINT

-- name: session_lines
-- Reads: matching, session, session_ticket. Takes: $start_us, $end_us, $first_on, $last_on,
-- {ticket_conditions}.
-- Gives: one row per session in matching, with counts over its rows there; session_end null while no
-- limit ends the session. By session_id.
WITH ticketed AS (
    SELECT
        session_id,
        count(DISTINCT ticket_id) AS ticket_count
    FROM session_ticket
    WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
        AND {ticket_conditions}
        AND (session_id, conversation_id) IN (SELECT (session_id, conversation_id) FROM matching)
    GROUP BY session_id
)
SELECT
    matching.session_id::VARCHAR                                   AS session_id,
    any_value(session.started_at)::BIGINT                          AS session_start,
    any_value(nullif(session.ended_at, 4611686018427387904))::BIGINT AS session_end,
    any_value(session.customer_id)::VARCHAR                        AS customer_id,
    list(DISTINCT matching.touchpoint)::INTEGER[]                  AS touchpoints,
    count(DISTINCT matching.conversation_id)::BIGINT               AS conversation_count,
    coalesce(any_value(ticketed.ticket_count), 0)::BIGINT          AS ticket_count,
    sum(matching.event_count)::BIGINT                              AS event_count,
    any_value(session.closed_by)::INTEGER                          AS closed_by,
    any_value(session.preview)::BOOLEAN                            AS preview
FROM matching
JOIN session
    ON session.session_id = matching.session_id
    AND session.started_at >= $start_us::BIGINT
    AND session.started_at < $end_us::BIGINT
LEFT JOIN ticketed ON ticketed.session_id = matching.session_id
GROUP BY matching.session_id
ORDER BY matching.session_id

-- name: conversations_from_cursor
-- Reads: matching, session_ticket. Takes: $first_on, $last_on, $low_key, $high_key, $at_key, $at_line, $is_rising,
-- $line_count; {key}, a column, {order} and {ticket_conditions}.
-- Gives: the conversations of the matching rows from a cursor on, inclusive, with their sort keys; all keys null: from
-- the start of the order.
WITH listed AS (
    SELECT
        conversation_id          AS line_id,
        max(started_at)          AS started_at,
        min(customer_id)         AS customer_id,
        sum(event_count)::BIGINT AS event_count
    FROM matching
    GROUP BY conversation_id
),
ticketed AS (
    SELECT
        conversation_id           AS line_id,
        count(DISTINCT ticket_id) AS ticket_count
    FROM session_ticket
    WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
        AND {ticket_conditions}
        AND (session_id, conversation_id) IN (SELECT (session_id, conversation_id) FROM matching)
    GROUP BY conversation_id
),
line AS (
    SELECT
        listed.*,
        coalesce(ticketed.ticket_count, 0)::BIGINT AS ticket_count
    FROM listed
    LEFT JOIN ticketed ON ticketed.line_id = listed.line_id
)
SELECT
    {key}            AS sort_key,
    line_id::VARCHAR AS line_id
FROM line
WHERE ($low_key IS NULL OR {key} >= $low_key)
    AND ($high_key IS NULL OR {key} <= $high_key)
    AND (
        $at_line::VARCHAR IS NULL
        OR {key} <> $at_key
        OR CASE WHEN $is_rising::BOOLEAN THEN line_id >= $at_line::VARCHAR ELSE line_id <= $at_line::VARCHAR END
    )
ORDER BY {order}
LIMIT $line_count::BIGINT

-- name: tickets_from_cursor
-- Reads: matching, session_ticket. Takes: as conversations_from_cursor.
-- Gives: as conversations_from_cursor, the tickets of the matching rows.
WITH part AS (
    SELECT DISTINCT
        session_id,
        conversation_id,
        started_at,
        customer_id
    FROM matching
),
line AS (
    SELECT
        session_ticket.ticket_id                       AS line_id,
        max(part.started_at)                           AS started_at,
        min(part.customer_id)                          AS customer_id,
        count(DISTINCT session_ticket.conversation_id) AS conversation_count
    FROM session_ticket
    JOIN part
        ON part.session_id = session_ticket.session_id AND part.conversation_id = session_ticket.conversation_id
    WHERE session_ticket.day BETWEEN $first_on::DATE AND $last_on::DATE
        AND {ticket_conditions}
    GROUP BY session_ticket.ticket_id
)
SELECT
    {key}            AS sort_key,
    line_id::VARCHAR AS line_id
FROM line
WHERE ($low_key IS NULL OR {key} >= $low_key)
    AND ($high_key IS NULL OR {key} <= $high_key)
    AND (
        $at_line::VARCHAR IS NULL
        OR {key} <> $at_key
        OR CASE WHEN $is_rising::BOOLEAN THEN line_id >= $at_line::VARCHAR ELSE line_id <= $at_line::VARCHAR END
    )
ORDER BY {order}
LIMIT $line_count::BIGINT

-- name: conversation_counts
-- Reads: matching. Gives: one row, the number of matching conversations, and of their rows and sessions.
SELECT
    count(DISTINCT conversation_id)::BIGINT AS line_count,
    count(*)::BIGINT                        AS row_count,
    count(DISTINCT session_id)::BIGINT      AS session_count
FROM matching

-- name: ticket_counts
-- Reads: matching, session_ticket. Takes: $first_on, $last_on; {ticket_conditions}.
-- Gives: one row, the number of tickets of matching rows, of all matching rows, and of the sessions with these tickets.
SELECT
    count(DISTINCT ticket_id)::BIGINT         AS line_count,
    (SELECT count(*) FROM matching)::BIGINT   AS row_count,
    count(DISTINCT session_id)::BIGINT        AS session_count
FROM session_ticket
WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
    AND {ticket_conditions}
    AND (session_id, conversation_id) IN (SELECT (session_id, conversation_id) FROM matching)

-- name: conversation_lines
-- Reads: matching, touchpoint, bot, conversation_span, session_ticket. Takes: $first_on, $last_on, $line_ids (null: all),
-- $ids_max; {ticket_conditions}.
-- Gives: one row per conversation of the matching rows, with what they have. Lists are distinct and in order; those of ids
-- have at most $ids_max. Instants are µs UTC. By last_session_start, conversation_id.
WITH part AS (
    SELECT
        conversation_id,
        list_sort(list(DISTINCT customer_id)) AS customer_ids,
        list_sort(list(DISTINCT touchpoint))  AS touchpoints,
        count(DISTINCT session_id)            AS session_count,
        sum(event_count)                      AS event_count,
        max(started_at)                       AS last_started_at
    FROM matching
    WHERE $line_ids::VARCHAR[] IS NULL OR conversation_id IN (SELECT unnest($line_ids::VARCHAR[]))
    GROUP BY conversation_id
),
-- Conversations are many, the sets of their touchpoints few.
place AS (
    SELECT
        touchpoints,
        list_sort(list(DISTINCT coalesce(bot.bot_name, touchpoint.bot_id))
            FILTER (touchpoint.bot_id IS NOT NULL)) AS bots,
        list_sort(list(DISTINCT touchpoint.channel)) AS channels
    FROM (SELECT DISTINCT touchpoints, unnest(touchpoints) AS number FROM (SELECT DISTINCT touchpoints FROM part))
    JOIN touchpoint ON touchpoint.touchpoint = number
    LEFT JOIN bot ON bot.bot_id = touchpoint.bot_id
    GROUP BY touchpoints
),
span AS (
    SELECT
        conversation_id,
        coalesce(min(created_at), min(first_event_at)) AS created_at,
        max(last_event_at)                             AS updated_at
    FROM conversation_span
    WHERE conversation_key IN (SELECT hash(conversation_id) FROM part)
    GROUP BY conversation_id
),
ticketed AS (
    SELECT
        conversation_id,
        list_sort(list(DISTINCT ticket_id)) AS ticket_ids
    FROM session_ticket
    WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
        AND {ticket_conditions}
        AND (session_id, conversation_id) IN (SELECT (session_id, conversation_id) FROM matching)
    GROUP BY conversation_id
)
SELECT
    part.conversation_id::VARCHAR                                          AS conversation_id,
    span.created_at::BIGINT                                                AS conversation_created_at,
    span.updated_at::BIGINT                                                AS conversation_updated_at,
    part.customer_ids[1:$ids_max::BIGINT]::VARCHAR[]                       AS customer_ids,
    len(part.customer_ids)::BIGINT                                         AS customers,
    coalesce(place.bots, [])::VARCHAR[]                                    AS bots,
    place.channels::VARCHAR[]                                              AS channels,
    coalesce(ticketed.ticket_ids[1:$ids_max::BIGINT], [])::VARCHAR[]       AS ticket_ids,
    coalesce(len(ticketed.ticket_ids), 0)::BIGINT                          AS tickets,
    part.session_count::BIGINT                                             AS sessions,
    part.event_count::BIGINT                                               AS events,
    part.last_started_at::BIGINT                                           AS last_session_start
FROM part
JOIN place ON place.touchpoints = part.touchpoints
LEFT JOIN span ON span.conversation_id = part.conversation_id
LEFT JOIN ticketed ON ticketed.conversation_id = part.conversation_id
ORDER BY last_session_start, part.conversation_id

-- name: ticket_lines
-- Reads: matching, touchpoint, bot, session_ticket. Takes: $first_on, $last_on, $line_ids (null: all), $ids_max;
-- {ticket_conditions}.
-- Gives: one row per ticket of the matching rows, as conversation_lines. By last_session_start, ticket_id.
WITH part AS (
    SELECT
        session_ticket.ticket_id,
        list_sort(list(DISTINCT session_ticket.ticket_type))  AS ticket_types,
        list_sort(list(DISTINCT matching.conversation_id))    AS conversation_ids,
        list_sort(list(DISTINCT matching.customer_id))        AS customer_ids,
        list_sort(list(DISTINCT matching.touchpoint))         AS touchpoints,
        count(DISTINCT matching.session_id)                   AS session_count,
        max(matching.started_at)                              AS last_started_at
    FROM session_ticket
    JOIN matching
        ON matching.session_id = session_ticket.session_id
        AND matching.conversation_id = session_ticket.conversation_id
    WHERE session_ticket.day BETWEEN $first_on::DATE AND $last_on::DATE
        AND ($line_ids::VARCHAR[] IS NULL OR session_ticket.ticket_id IN (SELECT unnest($line_ids::VARCHAR[])))
        AND {ticket_conditions}
    GROUP BY session_ticket.ticket_id
),
place AS (
    SELECT
        touchpoints,
        list_sort(list(DISTINCT coalesce(bot.bot_name, touchpoint.bot_id))
            FILTER (touchpoint.bot_id IS NOT NULL)) AS bots,
        list_sort(list(DISTINCT touchpoint.channel)) AS channels
    FROM (SELECT DISTINCT touchpoints, unnest(touchpoints) AS number FROM (SELECT DISTINCT touchpoints FROM part))
    JOIN touchpoint ON touchpoint.touchpoint = number
    LEFT JOIN bot ON bot.bot_id = touchpoint.bot_id
    GROUP BY touchpoints
)
SELECT
    part.ticket_id::VARCHAR                               AS ticket_id,
    part.ticket_types::VARCHAR[]                          AS ticket_types,
    part.conversation_ids[1:$ids_max::BIGINT]::VARCHAR[]  AS conversation_ids,
    len(part.conversation_ids)::BIGINT                    AS conversations,
    part.customer_ids[1:$ids_max::BIGINT]::VARCHAR[]      AS customer_ids,
    len(part.customer_ids)::BIGINT                        AS customers,
    coalesce(place.bots, [])::VARCHAR[]                   AS bots,
    place.channels::VARCHAR[]                             AS channels,
    part.session_count::BIGINT                            AS sessions,
    part.last_started_at::BIGINT                          AS last_session_start
FROM part
JOIN place ON place.touchpoints = part.touchpoints
ORDER BY last_session_start, part.ticket_id
