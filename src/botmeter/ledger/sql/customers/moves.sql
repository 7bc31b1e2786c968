-- Reads: customer_before, same_customer. Takes: nothing.
-- Gives: customer_move, one row per id as sent whose customer is another one now.
CREATE OR REPLACE TEMP TABLE customer_move AS
SELECT
    sent_customer_id,
    coalesce(b.customer_id, sent_customer_id) AS before_id,
    coalesce(n.customer_id, sent_customer_id) AS after_id
FROM customer_before AS b
FULL JOIN same_customer AS n USING (sent_customer_id)
WHERE coalesce(b.customer_id, sent_customer_id) <> coalesce(n.customer_id, sent_customer_id)
