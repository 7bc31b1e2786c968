-- Reads: quarantine, erased_event. Takes: $customer.
-- Gives: how many quarantined events bear the customer's id or the id of one of the customer's events, one row.
SELECT count(*)::BIGINT
FROM quarantine
WHERE contains(decode(raw), $customer) OR event_id IN (SELECT event_id FROM erased_event)
