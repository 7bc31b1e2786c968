-- Reads: customer_alias. Takes: nothing. Gives: (alias, the customer that it was said to be) of those in force.
SELECT customer_id::VARCHAR, same_as::VARCHAR
FROM customer_alias
WHERE undone_no IS NULL
ORDER BY customer_id
