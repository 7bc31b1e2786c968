-- Reads: event, touchpoint, customer_move. Takes: {key} and what it needs of touchpoint.
-- Gives: affected (key), the scope keys of the events that become another customer's, as they are before that.
CREATE OR REPLACE TEMP TABLE affected AS
SELECT DISTINCT {key} AS key
FROM {event} AS x
WHERE coalesce(x.sent_customer_id, x.customer_id) IN (SELECT sent_customer_id FROM customer_move)
