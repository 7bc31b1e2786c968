-- Reads: matching. Gives: the number of conversations that match of each customer; by customer.
SELECT
    customer_id::VARCHAR                    AS customer_id,
    count(DISTINCT conversation_id)::BIGINT AS conversation_count
FROM matching
GROUP BY 1
ORDER BY 1
