-- Reads: event, same_customer. Takes: $append_no (the first of this commit).
-- Gives: event with the customer that counts in those that came under an alias.
UPDATE event
SET sent_customer_id = coalesce(event.sent_customer_id, s.sent_customer_id), customer_id = s.customer_id
FROM same_customer AS s
WHERE event.append_no >= $append_no AND event.customer_id = s.sent_customer_id
