-- Reads: footprint_member. Takes: nothing. Gives: the members of -1, -2, …, ascending, in this order.
SELECT list(touchpoint ORDER BY touchpoint)::INTEGER[]
FROM footprint_member
WHERE footprint < 0
GROUP BY footprint
ORDER BY footprint DESC
