-- Reads: event, touchpoint, customer_move, affected. Takes: {key} and what it needs of touchpoint.
-- Gives: in affected, the scope keys of the same events as they are now.
INSERT INTO affected
SELECT DISTINCT {key} AS key
FROM {event} AS x
WHERE coalesce(x.sent_customer_id, x.customer_id) IN (SELECT sent_customer_id FROM customer_move)
    AND {key} NOT IN (SELECT key FROM affected)
