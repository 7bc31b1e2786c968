-- Reads: matching, session, touchpoint, event. Takes: $start_us, $end_us, $handoff (domain.event.Kind).
-- Gives: the hand-offs from the start to the end of the sessions that match, in their conversations
-- and at their touchpoints, of each bot and version; by both. An event that two sessions could claim counts once.
SELECT
    touchpoint.bot_id::VARCHAR                                AS bot_id,
    touchpoint.bot_version::VARCHAR                           AS bot_version,
    count(DISTINCT (event.source, event.event_id))::BIGINT    AS handoff_count
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
