-- name: session_rows
-- Reads: matching, session, touchpoint, bot, session_ticket.
-- Takes: $start_us, $end_us, $first_on, $last_on; {ticket_conditions}.
-- Gives: one row per session in matching. Instants are µs UTC, session_end null while no limit ends the session.
-- Lists hold distinct values in order; ticket_types has the types in the order of ticket_ids, where a ticket with two
-- types is twice. By session_start, session_id.
WITH ticket AS (
    SELECT
        session_id,
        count(DISTINCT ticket_id)::BIGINT                 AS ticket_count,
        list(ticket_id ORDER BY ticket_id, ticket_type)   AS ticket_ids,
        list(ticket_type ORDER BY ticket_id, ticket_type) AS ticket_types
    FROM (
        SELECT DISTINCT
            session_id,
            ticket_id,
            ticket_type
        FROM session_ticket
        WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
            AND {ticket_conditions}
            AND (session_id, conversation_id) IN (SELECT (session_id, conversation_id) FROM matching)
    )
    GROUP BY session_id
),
part AS (
    SELECT
        session_id,
        list_sort(list_distinct(list(conversation_id))) AS conversation_ids,
        list_sort(list_distinct(list(touchpoint)))      AS touchpoints,
        sum(event_count)                                AS event_count
    FROM matching
    GROUP BY session_id
),
-- Sessions are many, the sets of their touchpoints few.
place AS (
    SELECT
        touchpoints,
        list_sort(list_distinct(list(coalesce(bot.bot_name, touchpoint.bot_id)))) AS bots,
        list_sort(list_distinct(list(touchpoint.channel)))                        AS channels
    FROM (SELECT DISTINCT touchpoints, unnest(touchpoints) AS number FROM (SELECT DISTINCT touchpoints FROM part))
    JOIN touchpoint ON touchpoint.touchpoint = number
    LEFT JOIN bot ON bot.bot_id = touchpoint.bot_id
    GROUP BY touchpoints
)
SELECT
    part.session_id::VARCHAR                              AS session_id,
    session.started_at::BIGINT                            AS session_start,
    nullif(session.ended_at, 4611686018427387904)::BIGINT AS session_end,
    session.customer_id::VARCHAR                          AS customer_id,
    opening.bot_id::VARCHAR                               AS opening_bot_id,
    opening.channel::VARCHAR                              AS opening_channel,
    place.bots::VARCHAR[]                                 AS bots,
    place.channels::VARCHAR[]                             AS channels,
    len(part.conversation_ids)::BIGINT                    AS conversations,
    coalesce(ticket.ticket_count, 0)::BIGINT              AS tickets,
    part.event_count::BIGINT                              AS events,
    session.closed_by::INTEGER                            AS closed_by,
    session.preview::BOOLEAN                              AS preview,
    part.conversation_ids::VARCHAR[]                      AS conversation_ids,
    coalesce(ticket.ticket_ids, [])::VARCHAR[]            AS ticket_ids,
    coalesce(ticket.ticket_types, [])::VARCHAR[]          AS ticket_types
FROM part
JOIN session
    ON session.session_id = part.session_id
    AND session.started_at >= $start_us::BIGINT
    AND session.started_at < $end_us::BIGINT
JOIN touchpoint AS opening ON opening.touchpoint = session.opening_touchpoint
JOIN place ON place.touchpoints = part.touchpoints
LEFT JOIN ticket ON ticket.session_id = part.session_id
ORDER BY
    session.started_at,
    part.session_id
