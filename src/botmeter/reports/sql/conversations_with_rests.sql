-- Reads: conversation_usage, conversation_day, participation. Takes: $first_on, $last_on,
-- $rest_start_us, $rest_end_us, $other_rest_start_us, $other_rest_end_us, $footprints (null: all),
-- $touchpoints (null: all), $preview.
-- Gives: one row, the number of conversations that match on these days or in the two rests of days.
-- One that has sessions on one day alone is either of a whole day or of a rest; others are counted one by one.
SELECT (
    (
        SELECT coalesce(sum(conversation_count), 0)
        FROM conversation_usage
        WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
            AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
            AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    ) + (
        SELECT count(DISTINCT conversation_id)
        FROM (
            SELECT conversation_id
            FROM conversation_day
            WHERE spans
                AND day BETWEEN $first_on::DATE AND $last_on::DATE
                AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
                AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
            UNION ALL
            SELECT conversation_id
            FROM participation
            WHERE started_at >= $rest_start_us::BIGINT
                AND started_at < $rest_end_us::BIGINT
                AND ($touchpoints::INTEGER[] IS NULL OR touchpoint IN (SELECT unnest($touchpoints::INTEGER[])))
                AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
            UNION ALL
            SELECT conversation_id
            FROM participation
            WHERE started_at >= $other_rest_start_us::BIGINT
                AND started_at < $other_rest_end_us::BIGINT
                AND ($touchpoints::INTEGER[] IS NULL OR touchpoint IN (SELECT unnest($touchpoints::INTEGER[])))
                AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
        )
    )
)::BIGINT AS conversation_count
