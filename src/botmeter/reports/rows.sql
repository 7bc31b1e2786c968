-- name: session_counts_of_days
-- Reads: session. Takes: $start_us, $end_us, $footprints, $preview.
-- Gives: the number of matching sessions by UTC day (days since 1970) of their start; by day.
SELECT
    (started_at // 86400000000)::BIGINT AS day,
    count(*)::BIGINT                    AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR list_contains($footprints::INTEGER[], footprint))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
GROUP BY day
ORDER BY day

-- name: rows
-- Reads: matching, session, touchpoint, bot, conversation_span, session_ticket.
-- Takes: $start_us, $end_us, $first_on, $last_on; {ticket_conditions}.
-- Gives: the underlying data, one row per session × conversation × bot × version × channel. Instants
-- are µs UTC, session_end null while no limit ends the session. ticket_types has the types in the
-- order of ticket_ids; other types are left out. By session_start, session_id, conversation_id, bot_id,
-- bot_version, channel; null before text.
WITH span AS (
    SELECT
        conversation_id,
        coalesce(min(created_at), min(first_event_at)) AS created_at,
        max(last_event_at)                             AS updated_at
    FROM conversation_span
    -- By key alone, in a fifth of the time of ids; another conversation with the same key finds no row below.
    WHERE conversation_key IN (SELECT hash(conversation_id) FROM matching)
    GROUP BY conversation_id
),
ticket AS (
    SELECT
        session_id,
        conversation_id,
        list(ticket_id ORDER BY ticket_id, ticket_type)   AS ticket_ids,
        list(ticket_type ORDER BY ticket_id, ticket_type) AS ticket_types
    FROM session_ticket
    WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
        AND {ticket_conditions}
        AND session_id IN (SELECT session_id FROM matching)
    GROUP BY session_id, conversation_id
)
SELECT
    matching.session_id::VARCHAR                               AS session_id,
    matching.started_at::BIGINT                                AS session_start,
    nullif(session.ended_at, 4611686018427387904)::BIGINT      AS session_end,
    matching.customer_id::VARCHAR                              AS customer_id,
    matching.conversation_id::VARCHAR                          AS conversation_id,
    touchpoint.bot_id::VARCHAR                                 AS bot_id,
    coalesce(bot.bot_name, touchpoint.bot_id)::VARCHAR         AS bot_name,
    touchpoint.bot_version::VARCHAR                            AS bot_version,
    touchpoint.channel::VARCHAR                                AS channel,
    span.created_at::BIGINT                                    AS conversation_created_at,
    span.updated_at::BIGINT                                    AS conversation_updated_at,
    coalesce(ticket.ticket_ids, [])::VARCHAR[]                 AS ticket_ids,
    coalesce(ticket.ticket_types, [])::VARCHAR[]               AS ticket_types,
    matching.event_count::BIGINT                               AS events,
    matching.preview::BOOLEAN                                  AS preview
FROM matching
JOIN session
    ON session.session_id = matching.session_id
    AND session.started_at >= $start_us::BIGINT
    AND session.started_at < $end_us::BIGINT
JOIN touchpoint ON touchpoint.touchpoint = matching.touchpoint
LEFT JOIN bot ON bot.bot_id = touchpoint.bot_id
LEFT JOIN span ON span.conversation_id = matching.conversation_id
LEFT JOIN ticket ON ticket.session_id = matching.session_id AND ticket.conversation_id = matching.conversation_id
ORDER BY
    matching.started_at,
    matching.session_id,
    matching.conversation_id,
    touchpoint.bot_id NULLS FIRST,
    touchpoint.bot_version NULLS FIRST,
    touchpoint.channel
