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
