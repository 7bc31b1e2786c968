-- Reads: matching. Takes: $prefix, $among (null: all), $limit; {id}, the column.
-- Gives: as ids_from_rows.
SELECT
    {id}::VARCHAR                      AS id,
    count(DISTINCT session_id)::BIGINT AS session_count
FROM matching
WHERE ($prefix::VARCHAR = '' OR starts_with({id}, $prefix::VARCHAR))
    AND ($among::VARCHAR[] IS NULL OR list_contains($among::VARCHAR[], {id}))
GROUP BY 1
ORDER BY session_count DESC, id
LIMIT $limit::BIGINT
