-- Reads: event, customer_move. Takes: nothing. Gives: event with the customer that counts now.
UPDATE event
SET customer_id = m.after_id, sent_customer_id = nullif(m.sent_customer_id, m.after_id)
FROM customer_move AS m
WHERE coalesce(event.sent_customer_id, event.customer_id) = m.sent_customer_id
