-- name: appended_span
-- Reads: event. Takes: $append_nos. Gives: the first and last instant of their events, null for none, one row.
SELECT min(occurred_at)::BIGINT, max(occurred_at)::BIGINT
FROM event
WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))

-- name: appended_events
-- Reads: event, arrival, touchpoint, participation, session. Takes: $append_nos, $actors (that can take part in a session),
-- $first_us and $last_us (starts of the sessions that their events can be in). Gives: one row per append: its events that are not metered yet; its messages of customers and bots, those of customers,
-- and those with a bot; its events with a ticket; whether any event is inside a session; in order of append.
WITH sent AS (
    SELECT append_no, conversation_id, touchpoint, occurred_at, actor, kind, ticket_id, FALSE AS is_waiting
    FROM event
    WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))
    UNION ALL
    SELECT append_no, conversation_id, touchpoint, occurred_at, actor, kind, ticket_id, TRUE AS is_waiting
    FROM arrival
    WHERE append_no IN (SELECT unnest($append_nos::INTEGER[]))
),
counted AS (
    SELECT DISTINCT sent.append_no
    FROM sent
    JOIN participation AS p USING (conversation_id, touchpoint)
    JOIN session AS s ON s.session_id = p.session_id AND s.started_at BETWEEN $first_us AND $last_us
    WHERE sent.actor IN (SELECT unnest($actors::UTINYINT[]))
        AND p.started_at BETWEEN $first_us AND $last_us
        AND sent.occurred_at BETWEEN s.started_at AND s.ended_at
)
-- Actors 0 and 1 are customers and bots; kind 0 is a message.
SELECT
    append_no::INTEGER AS append_no,
    count(*) FILTER (is_waiting)::BIGINT AS waiting_count,
    count(*) FILTER (kind = 0 AND actor < 2)::BIGINT AS message_count,
    count(*) FILTER (kind = 0 AND actor = 0)::BIGINT AS customer_message_count,
    count(*) FILTER (kind = 0 AND actor < 2 AND bot_id IS NOT NULL)::BIGINT AS bot_message_count,
    count(ticket_id)::BIGINT AS ticket_count,
    bool_or(append_no IN (SELECT append_no FROM counted))::BOOLEAN AS is_counted
FROM sent
JOIN touchpoint USING (touchpoint)
GROUP BY append_no
ORDER BY append_no
