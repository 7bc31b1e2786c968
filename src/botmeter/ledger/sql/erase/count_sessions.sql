-- Reads: session. Takes: $customer. Gives: how many sessions the customer opened, one row.
SELECT count(*)::BIGINT FROM session WHERE customer_id = $customer
