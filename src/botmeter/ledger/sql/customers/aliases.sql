-- Reads: customer_alias, same_customer. Takes: nothing. Gives: every row of the former with the customer who counts
-- (null: it was taken back), the newest change first.
SELECT
    a.customer_id::VARCHAR, a.same_as::VARCHAR, s.customer_id::VARCHAR, a.merge_no::INTEGER, a.set_at::BIGINT,
    a.set_by::VARCHAR, a.undone_no::INTEGER, a.undone_at::BIGINT, a.undone_by::VARCHAR
FROM customer_alias AS a
LEFT JOIN same_customer AS s ON s.sent_customer_id = a.customer_id AND a.undone_no IS NULL
ORDER BY a.merge_no DESC, a.customer_id, a.undone_no
