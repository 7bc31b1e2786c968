-- name: insert_receipt
-- Takes: ? for each column of receipt, in order. Changes: adds the row to receipt.
INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?)
