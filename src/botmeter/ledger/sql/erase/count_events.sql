-- Reads: event. Takes: $customer. Gives: how many events the customer has, one row.
SELECT count(*)::BIGINT FROM event WHERE customer_id = $customer
