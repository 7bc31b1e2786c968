-- name: ids_from_sessions
-- Reads: session. Takes: $start_us, $end_us, $footprints (null: all), $preview, $prefix, $head and $tail
-- (empty: no other ids than those with the prefix), $among (null: all), $limit; {id}, the column.
-- Gives: the customers with this prefix, or head and tail, and among these, with their matching sessions; most first, then by id.
SELECT
    {id}::VARCHAR    AS id,
    count(*)::BIGINT AS session_count
FROM session
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND (
        $prefix::VARCHAR = ''
        OR starts_with({id}, $prefix::VARCHAR)
        OR ($tail::VARCHAR <> '' AND starts_with({id}, $head::VARCHAR) AND ends_with({id}, $tail::VARCHAR))
    )
    AND ($among::VARCHAR[] IS NULL OR list_contains($among::VARCHAR[], {id}))
GROUP BY 1
ORDER BY session_count DESC, id
LIMIT $limit::BIGINT

-- name: ids_from_rows
-- Reads: participation. Takes: $start_us, $end_us, $preview, $prefix, $head and $tail (empty: no other ids than
-- those with the prefix), $among (null: all), $limit; {id}, the column, and {row_conditions}.
-- Gives: the customers or conversations with this prefix, or head and tail, and among these, with their matching sessions;
-- most first, then by id.
SELECT
    {id}::VARCHAR                      AS id,
    count(DISTINCT session_id)::BIGINT AS session_count
FROM participation
WHERE started_at >= $start_us::BIGINT
    AND started_at < $end_us::BIGINT
    AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    AND {row_conditions}
    AND (
        $prefix::VARCHAR = ''
        OR starts_with({id}, $prefix::VARCHAR)
        OR ($tail::VARCHAR <> '' AND starts_with({id}, $head::VARCHAR) AND ends_with({id}, $tail::VARCHAR))
    )
    AND ($among::VARCHAR[] IS NULL OR list_contains($among::VARCHAR[], {id}))
GROUP BY 1
ORDER BY session_count DESC, id
LIMIT $limit::BIGINT
