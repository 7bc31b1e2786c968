-- Reads: participation. Takes: $customer, $starts (µs UTC).
-- Gives: of the customer's sessions that started then: id, conversations, touchpoints; by id. The starts
-- are looked for first: numbers are found in a third of the time that names take.
SELECT
    session_id::VARCHAR                     AS session_id,
    count(DISTINCT conversation_id)::BIGINT AS conversation_count,
    list(DISTINCT touchpoint)::INTEGER[]    AS touchpoints
FROM participation
WHERE started_at IN (SELECT unnest($starts::BIGINT[])) AND customer_id = $customer::VARCHAR
GROUP BY session_id
ORDER BY participation.session_id
