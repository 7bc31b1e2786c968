-- name: first_days_of_footprints
-- Reads: session_usage.
-- Gives: the first day of each footprint, of the whole account, whatever the period and the filters; in any order.
SELECT
    footprint::INTEGER AS footprint,
    min(day)::DATE     AS first_on
FROM session_usage
GROUP BY footprint

-- name: conversations_of_versions
-- Reads: matching, touchpoint.
-- Gives: the number of matching conversations of each bot and version that took part; by both.
SELECT
    touchpoint.bot_id::VARCHAR                         AS bot_id,
    touchpoint.bot_version::VARCHAR                    AS bot_version,
    count(DISTINCT matching.conversation_id)::BIGINT   AS conversation_count
FROM matching
JOIN touchpoint ON touchpoint.touchpoint = matching.touchpoint
GROUP BY ALL
ORDER BY ALL

-- name: tickets_of_versions
-- Reads: matching, touchpoint, session_ticket. Takes: $first_on, $last_on; {ticket_conditions}.
-- Gives: the number of tickets of matching conversations, by bot and version that took part; by both.
SELECT
    touchpoint.bot_id::VARCHAR                       AS bot_id,
    touchpoint.bot_version::VARCHAR                  AS bot_version,
    count(DISTINCT session_ticket.ticket_id)::BIGINT AS ticket_count
FROM session_ticket
JOIN matching
    ON matching.session_id = session_ticket.session_id
    AND matching.conversation_id = session_ticket.conversation_id
JOIN touchpoint ON touchpoint.touchpoint = matching.touchpoint
WHERE session_ticket.day BETWEEN $first_on::DATE AND $last_on::DATE
    AND {ticket_conditions}
GROUP BY ALL
ORDER BY ALL

-- name: handoffs_of_versions
-- Reads: matching, session, touchpoint, event. Takes: $start_us, $end_us, $handoff (domain.event.Kind).
-- Gives: the hand-offs from the start to the end of the matching sessions, in their conversations
-- and at their touchpoints, and their conversations, of each bot and version; by both. An event within two sessions
-- counts once.
SELECT
    touchpoint.bot_id::VARCHAR                                AS bot_id,
    touchpoint.bot_version::VARCHAR                           AS bot_version,
    count(DISTINCT (event.source, event.event_id))::BIGINT    AS handoff_count,
    count(DISTINCT event.conversation_id)::BIGINT             AS handed_off_count
FROM event
JOIN matching ON matching.conversation_id = event.conversation_id AND matching.touchpoint = event.touchpoint
JOIN session
    ON session.session_id = matching.session_id
    AND session.started_at >= $start_us::BIGINT
    AND session.started_at < $end_us::BIGINT
JOIN touchpoint ON touchpoint.touchpoint = event.touchpoint
WHERE event.kind = $handoff::UTINYINT
    AND event.occurred_at >= $start_us::BIGINT
    AND event.occurred_at >= session.started_at
    AND (event.occurred_at < session.ended_at OR event.occurred_at <= session.last_event_at)
GROUP BY ALL
ORDER BY ALL
