-- Takes: $aliases, $number, $now, $by. Gives: in customer_alias, those that are in force taken back.
UPDATE customer_alias
SET undone_no = $number, undone_at = $now, undone_by = $by
WHERE undone_no IS NULL AND customer_id IN (SELECT unnest($aliases::VARCHAR[]))
