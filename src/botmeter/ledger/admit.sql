-- name: insert_receipt
-- Takes: ? for each column of receipt but retry_of, in order. Changes: adds the row to receipt.
INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)
