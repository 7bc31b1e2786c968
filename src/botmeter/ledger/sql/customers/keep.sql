-- Reads: given (customer_id, same_as). Takes: $number, $now, $by. Gives: these in customer_alias.
INSERT INTO customer_alias
SELECT customer_id, same_as, $number, $now, $by, NULL, NULL, NULL FROM given
