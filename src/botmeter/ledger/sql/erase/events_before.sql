-- Reads: event. Takes: $customer.
-- Gives: erased_event, the customer's events and their pseudonyms, which keep the order that their ids had.
CREATE OR REPLACE TEMP TABLE erased_event AS
SELECT
    source, event_id,
    'erased:' || lpad((row_number() OVER (ORDER BY event_id, source))::VARCHAR, 12, '0') || ':' || to_hex(event_key) AS pseudonym
FROM event
WHERE customer_id = $customer
