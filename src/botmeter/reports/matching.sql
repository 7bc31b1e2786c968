-- name: session_steps
-- Reads: session. Takes: $start_us, $end_us, $origin_us, $step_us (length), $footprints
-- (null: all), $preview.
-- Gives: the number of matching sessions by step from the origin on, in any order.
SELECT
    ((started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    count(*)::BIGINT                                                AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
GROUP BY 1

-- name: matching
-- Reads: participation. Takes: $start_us, $end_us, $preview (null: all); {row_conditions}.
-- Gives: matching, the rows of the underlying data that match: one row per session ×
-- conversation × touchpoint.
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
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND {row_conditions}

-- name: matching_of_page
-- Reads: matching. Takes: $page_sessions. Gives: matching, those of its rows that belong to the sessions.
CREATE OR REPLACE TEMP TABLE matching AS
SELECT *
FROM matching
WHERE session_id IN (SELECT unnest($page_sessions::UUID[]))

-- name: matching_session_count
-- Reads: matching. Takes: nothing. Gives: the number of its sessions, one row.
SELECT count(DISTINCT session_id)::BIGINT FROM matching

-- name: session_steps_from_rows
-- Reads: matching. Takes: $origin_us, $step_us (length).
-- Gives: as session_steps, in any order.
SELECT
    ((started_at - $origin_us::BIGINT) // $step_us::BIGINT)::BIGINT AS step,
    count(DISTINCT session_id)::BIGINT                              AS session_count
FROM matching
GROUP BY 1
