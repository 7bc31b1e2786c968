-- name: customers_from_rows
-- Reads: matching. Takes: $limit. Gives: as customers_from_sessions.
SELECT
    customer_id::VARCHAR               AS customer_id,
    count(DISTINCT session_id)::BIGINT AS session_count,
    max(started_at)::BIGINT            AS last_started_us
FROM matching
GROUP BY 1
ORDER BY session_count DESC, customer_id
LIMIT $limit::BIGINT

-- name: customers_from_sessions
-- Reads: session. Takes: $start_us, $end_us, $footprints (null: all), $preview, $limit.
-- Gives: the customers with most matching sessions: id, sessions, latest start (µs UTC); most first, then by id.
SELECT
    customer_id::VARCHAR    AS customer_id,
    count(*)::BIGINT        AS session_count,
    max(started_at)::BIGINT AS last_started_us
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
GROUP BY 1
ORDER BY session_count DESC, customer_id
LIMIT $limit::BIGINT

-- name: conversations_of_customers
-- Reads: matching. Gives: the number of matching conversations of each customer; by customer.
SELECT
    customer_id::VARCHAR                    AS customer_id,
    count(DISTINCT conversation_id)::BIGINT AS conversation_count
FROM matching
GROUP BY 1
ORDER BY 1

-- name: sessions_of_customer
-- Reads: session. Takes: $customer.
-- Gives: the customer's sessions: id, start, end (µs UTC, 2^62 while no limit ends it), events, what
-- closed it (domain.session.ClosedBy), preview; newest first, also by opening event.
SELECT
    session_id::VARCHAR   AS session_id,
    started_at::BIGINT    AS started_at,
    ended_at::BIGINT      AS ended_at,
    event_count::BIGINT   AS event_count,
    closed_by::UTINYINT   AS closed_by,
    preview::BOOLEAN      AS preview
FROM session
WHERE customer_id = $customer::VARCHAR
ORDER BY session.started_at DESC, session.opening_event_id DESC, session.source DESC

-- name: is_customer_known
-- Reads: event. Takes: $customer. Gives: one row, true if an event names the customer.
SELECT EXISTS (SELECT 1 FROM event WHERE customer_id = $customer::VARCHAR)::BOOLEAN AS is_known

-- name: visits_of_customer
-- Reads: participation. Takes: $customer, $starts (µs UTC).
-- Gives: of the customer's sessions that started then: id, conversations, touchpoints; by id. Starts
-- are searched first: finding numbers takes a third of the time of names.
SELECT
    session_id::VARCHAR                     AS session_id,
    count(DISTINCT conversation_id)::BIGINT AS conversation_count,
    list(DISTINCT touchpoint)::INTEGER[]    AS touchpoints
FROM participation
WHERE started_at IN (SELECT unnest($starts::BIGINT[])) AND customer_id = $customer::VARCHAR
GROUP BY session_id
ORDER BY participation.session_id
