-- Reads: session. Takes: $start_us, $end_us, $footprints, $customers, $preview. Gives: one row, how many sessions match.
SELECT count(*)::BIGINT AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR list_contains($footprints::INTEGER[], footprint))
    AND ($customers::VARCHAR[] IS NULL OR list_contains($customers::VARCHAR[], customer_id))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
