-- Reads: conversation_usage, conversation_day. Takes: $first_on, $last_on, $footprints (null: all), $preview.
-- Gives: one row, the number of conversations that match. Those with rows on several days are few,
-- and are counted one by one.
SELECT (
    (
        SELECT coalesce(sum(conversation_count), 0)
        FROM conversation_usage
        WHERE day BETWEEN $first_on::DATE AND $last_on::DATE
            AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
            AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    ) + (
        SELECT count(DISTINCT conversation_id)
        FROM conversation_day
        WHERE spans
            AND day BETWEEN $first_on::DATE AND $last_on::DATE
            AND ($footprints::INTEGER[] IS NULL OR footprint IN (SELECT unnest($footprints::INTEGER[])))
            AND ($preview::BOOLEAN IS NULL OR preview = $preview::BOOLEAN)
    )
)::BIGINT AS conversation_count
