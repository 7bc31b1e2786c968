-- Reads: customer_alias. Takes: nothing. Gives: whether any alias is in force, one row.
SELECT EXISTS (SELECT 1 FROM customer_alias WHERE undone_no IS NULL)::BOOLEAN
