-- name: account
-- Reads: account_term. Takes: nothing. Gives: name, available_from and title (null: none) as they are now, one row.
SELECT name::VARCHAR, available_from::DATE, title::VARCHAR
FROM account_term
ORDER BY rowid DESC
LIMIT 1

-- name: add_version
-- Takes: ? for each column of account_term, in order. Changes: account_term has that row more.
INSERT INTO account_term VALUES (?, ?, ?, ?, ?)
