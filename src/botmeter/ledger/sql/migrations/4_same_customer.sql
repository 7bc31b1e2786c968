-- Reads: customer_alias. Gives: same_customer, the customer that counts for each alias; as of version 4.
CREATE VIEW same_customer AS
WITH RECURSIVE said AS (
    SELECT customer_id, same_as FROM customer_alias WHERE undone_no IS NULL
),
led AS (
    SELECT customer_id, same_as FROM said
    UNION
    SELECT led.customer_id, said.same_as
    FROM led
    JOIN said ON said.customer_id = led.same_as
)
SELECT customer_id AS sent_customer_id, same_as AS customer_id
FROM led
WHERE same_as NOT IN (SELECT customer_id FROM said)
