-- Reads: session, customer_move. Takes: nothing. Gives: how many sessions those customers have, one row.
SELECT count(*)::BIGINT
FROM session
WHERE customer_id IN (SELECT before_id FROM customer_move UNION SELECT after_id FROM customer_move)
