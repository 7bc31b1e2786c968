-- Reads: erased_event. Takes: $customer. Gives: quarantine without what bears the customer's id or one of the event ids.
DELETE FROM quarantine
WHERE contains(decode(raw), $customer) OR event_id IN (SELECT event_id FROM erased_event)
