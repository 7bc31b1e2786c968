-- Reads: event. Takes: $customer. Gives: one row, whether any event names the customer.
SELECT EXISTS (SELECT 1 FROM event WHERE customer_id = $customer::VARCHAR)::BOOLEAN AS is_known
