-- Takes: $ids. Gives: customer_alias without whatever was said of these customers; how many rows, one row.
DELETE FROM customer_alias
WHERE customer_id IN (SELECT unnest($ids::VARCHAR[])) OR same_as IN (SELECT unnest($ids::VARCHAR[]))
