-- Reads: same_customer. Takes: nothing. Gives: customer_before, what it says before it is changed.
CREATE OR REPLACE TEMP TABLE customer_before AS SELECT sent_customer_id, customer_id FROM same_customer
