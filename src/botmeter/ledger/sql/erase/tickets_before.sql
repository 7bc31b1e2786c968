-- Reads: event. Takes: $customer.
-- Gives: erased_ticket, the tickets that the customer's events alone link, and their pseudonyms.
-- One that is another customer's too keeps its id, or it would count twice.
CREATE OR REPLACE TEMP TABLE erased_ticket AS
SELECT ticket_id, 'erased-' || uuid()::VARCHAR AS pseudonym
FROM event
WHERE ticket_id IN (SELECT ticket_id FROM event WHERE customer_id = $customer)
GROUP BY ticket_id
HAVING bool_and(customer_id = $customer)
