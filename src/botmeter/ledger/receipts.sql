-- name: keep_receipt
-- Takes: ? for each column of receipt, in order. Changes: receipt has that row more.
INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?)
