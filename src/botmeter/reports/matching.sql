-- name: session_steps
-- Reads: session. Takes: $start_us, $end_us, $origin_us and $step_us (a step is as long), $footprints
-- (null: all), $preview.
-- Gives: how many sessions that match started in each step from the origin on, in any order.
SELECT
    ((started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    count(*)::BIGINT                                                AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
GROUP BY 1

-- name: matching_narrowed
-- Reads: participation, session, session_ticket. Takes: what matching takes; $first_on, $last_on, $search (null:
-- nothing is searched for), $searched_session (null: it is no session's id); $opening_touchpoints, $ticket_types,
-- $hour_steps (null: all), $hour_origin_us, $hour_step_us.
-- Gives: matching, of the rows that it would have those whose session was opened at one of these
-- touchpoints and started in one of the steps, and whose conversation has a ticket of such a type in it; of
-- these the ones whose session has the id, or whose customer, conversation or ticket starts with the text.
-- In one statement, as the rows that matching would have can be millions.
CREATE OR REPLACE TEMP TABLE matching AS
SELECT
    session_id::UUID         AS session_id,
    started_at::BIGINT       AS started_at,
    customer_id::VARCHAR     AS customer_id,
    conversation_id::VARCHAR AS conversation_id,
    touchpoint::INTEGER      AS touchpoint,
    event_count::BIGINT      AS event_count,
    preview::BOOLEAN         AS preview
FROM participation
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($touchpoints::INTEGER[] IS NULL OR list_contains($touchpoints::INTEGER[], touchpoint))
    AND ($customers::VARCHAR[] IS NULL OR list_contains($customers::VARCHAR[], customer_id))
    AND ($conversations::VARCHAR[] IS NULL OR list_contains($conversations::VARCHAR[], conversation_id))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND (
        $hour_steps::BIGINT[] IS NULL
        OR (started_at - $hour_origin_us::BIGINT) // $hour_step_us::BIGINT IN (SELECT unnest($hour_steps::BIGINT[]))
    )
    AND (
        $opening_touchpoints::INTEGER[] IS NULL
        OR session_id IN (
            SELECT session_id
            FROM session
            WHERE started_at >= $start_us::BIGINT
                AND started_at < $end_us::BIGINT
                AND list_contains($opening_touchpoints::INTEGER[], opening_touchpoint)
        )
    )
    AND (
        $ticket_types::VARCHAR[] IS NULL
        OR (session_id, conversation_id) IN (
            SELECT (session_id, conversation_id)
            FROM session_ticket
            WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
                AND list_contains($ticket_types::VARCHAR[], ticket_type)
        )
    )
    AND (
        $search::VARCHAR IS NULL
        OR session_id = $searched_session::UUID
        OR starts_with(customer_id, $search::VARCHAR)
        OR starts_with(conversation_id, $search::VARCHAR)
        OR (session_id, conversation_id) IN (
            SELECT (session_id, conversation_id)
            FROM session_ticket
            WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
                AND starts_with(ticket_id, $search::VARCHAR)
                AND ($ticket_types::VARCHAR[] IS NULL OR list_contains($ticket_types::VARCHAR[], ticket_type))
        )
    )

-- name: matching
-- Reads: participation. Takes: $start_us, $end_us, $touchpoints, $customers, $conversations, $preview.
-- Gives: matching, the rows of the underlying data that an ask picks: one row per session ×
-- conversation × touchpoint. A null list lets every row through, an empty one none.
CREATE OR REPLACE TEMP TABLE matching AS
SELECT
    session_id::UUID         AS session_id,
    started_at::BIGINT       AS started_at,
    customer_id::VARCHAR     AS customer_id,
    conversation_id::VARCHAR AS conversation_id,
    touchpoint::INTEGER      AS touchpoint,
    event_count::BIGINT      AS event_count,
    preview::BOOLEAN         AS preview
FROM participation
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($touchpoints::INTEGER[] IS NULL OR touchpoint IN (SELECT unnest($touchpoints::INTEGER[])))
    AND ($customers::VARCHAR[] IS NULL OR list_contains($customers::VARCHAR[], customer_id))
    AND ($conversations::VARCHAR[] IS NULL OR list_contains($conversations::VARCHAR[], conversation_id))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)

-- name: matching_of_page
-- Reads: matching. Takes: $page_sessions. Gives: matching, those of its rows that belong to the sessions.
CREATE OR REPLACE TEMP TABLE matching AS
SELECT *
FROM matching
WHERE session_id IN (SELECT unnest($page_sessions::UUID[]))
