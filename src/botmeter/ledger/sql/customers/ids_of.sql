-- Reads: same_customer. Takes: $customer, who counts. Gives: the other ids of the customer, ascending.
SELECT sent_customer_id::VARCHAR
FROM same_customer
WHERE customer_id = $customer
ORDER BY sent_customer_id
