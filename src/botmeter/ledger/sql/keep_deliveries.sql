-- Reads: given. Takes: nothing. Gives: these requests in delivery, in their order.
INSERT INTO delivery
SELECT append_no, received_at, source, delivery_id, subject, accepted, duplicates, conflicts, rejected, ignored, detail
FROM given
