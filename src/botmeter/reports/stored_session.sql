-- name: session_of_id
-- Reads: session. Takes: $session_id. Gives: the session's id, start (µs UTC) and scope columns; one row or none.
SELECT
    session_id::VARCHAR         AS session_id,
    started_at::BIGINT          AS started_at,
    customer_id::VARCHAR        AS customer_id,
    conversation_id::VARCHAR    AS conversation_id,
    opening_touchpoint::INTEGER AS opening_touchpoint
FROM session
WHERE session_id = $session_id::UUID
ORDER BY session_id

-- name: session_of_text
-- Reads: lake_session, the files of a lake, which have ids as text. Takes: $session_id, as they have it. Gives: as
-- session_of_id. Compared as it is stored, an id rules out nearly all row groups by their Bloom filters.
SELECT
    session_id::VARCHAR         AS session_id,
    started_at::BIGINT          AS started_at,
    customer_id::VARCHAR        AS customer_id,
    conversation_id::VARCHAR    AS conversation_id,
    opening_touchpoint::INTEGER AS opening_touchpoint
FROM lake_session
WHERE session_id = $session_id::VARCHAR
ORDER BY session_id

-- name: plan_sessions
-- Reads: plan_session. Takes: $policy (its label). Gives: the sessions under a policy of a plan, in any order.
SELECT * FROM plan_session WHERE policy = $policy

-- name: sessions_between
-- Reads: {sessions}, touchpoint. Takes: $start_us, $end_us, $policy (of a plan).
-- Gives: the sessions that started in [start, end), with the scope columns, bot and channel of their opening event.
-- Instants are µs UTC; ended_at is 2^62 while no limit ends the session. By started_at, session_id.
SELECT
    session_id::VARCHAR      AS session_id,
    started_at::BIGINT       AS started_at,
    ended_at::BIGINT         AS ended_at,
    customer_id::VARCHAR     AS customer_id,
    conversation_id::VARCHAR AS conversation_id,
    bot_id::VARCHAR          AS bot_id,
    channel::VARCHAR         AS channel,
    preview::BOOLEAN         AS preview
FROM {sessions} AS session
JOIN touchpoint ON touchpoint.touchpoint = session.opening_touchpoint
WHERE started_at >= $start_us::BIGINT AND started_at < $end_us::BIGINT
ORDER BY
    started_at,
    session_id

-- name: receipt_times
-- Reads: session, plan_session, event, receipt. Takes: $session_ids, $start_us, $end_us, which hold their starts.
-- Gives: of each session, when its opening event was received (µs UTC). By session_id.
WITH opened AS (
    SELECT session_id, source, opening_event_id, started_at FROM session
    WHERE started_at >= $start_us::BIGINT AND started_at < $end_us::BIGINT
    UNION ALL
    SELECT session_id, source, opening_event_id, started_at FROM plan_session
    WHERE started_at >= $start_us::BIGINT AND started_at < $end_us::BIGINT
)
SELECT
    opened.session_id::VARCHAR       AS session_id,
    min(receipt.recorded_at)::BIGINT AS recorded_at
FROM opened
JOIN event
    ON event.event_key = hash(opened.source, opened.opening_event_id)
    AND event.occurred_at = opened.started_at
JOIN receipt ON receipt.append_no = event.append_no
WHERE opened.session_id IN (SELECT unnest($session_ids::UUID[]))
    AND event.occurred_at >= $start_us::BIGINT AND event.occurred_at < $end_us::BIGINT
GROUP BY opened.session_id
ORDER BY opened.session_id
