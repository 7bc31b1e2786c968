-- Reads: event. Takes: $customer. Gives: erased_conversation, the customer's conversations and their pseudonyms.
CREATE OR REPLACE TEMP TABLE erased_conversation AS
SELECT conversation_id, 'erased-' || uuid()::VARCHAR AS pseudonym
FROM (SELECT DISTINCT conversation_id FROM event WHERE customer_id = $customer)
