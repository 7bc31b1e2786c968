-- Reads: event, same_customer. Takes: $limit.
-- Gives: (event as text, how many there are) of those whose customer is not who counts for the one that was sent.
SELECT
    (e.source, e.event_id, e.sent_customer_id, e.customer_id)::VARCHAR,
    (count(*) OVER ())::BIGINT
FROM event AS e
LEFT JOIN same_customer AS s ON s.sent_customer_id = coalesce(e.sent_customer_id, e.customer_id)
WHERE e.customer_id <> coalesce(s.customer_id, e.sent_customer_id, e.customer_id) OR e.sent_customer_id = e.customer_id
ORDER BY 1
LIMIT $limit
