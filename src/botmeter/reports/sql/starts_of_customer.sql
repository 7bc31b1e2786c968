-- Reads: session. Takes: $customer. Gives: when each of the customer's sessions started (µs UTC), ascending.
SELECT started_at::BIGINT AS started_at
FROM session
WHERE customer_id = $customer::VARCHAR
ORDER BY started_at
