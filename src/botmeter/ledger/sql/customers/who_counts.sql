-- Reads: same_customer. Takes: $customer. Gives: the customer who counts for the id, one row.
SELECT coalesce((SELECT customer_id FROM same_customer WHERE sent_customer_id = $customer), $customer)::VARCHAR
