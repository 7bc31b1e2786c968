-- name: account
-- Reads: account_term. Takes: nothing. Gives: name, present available_from and title (null: none), one row.
SELECT name::VARCHAR, available_from::DATE, title::VARCHAR
FROM account_term
ORDER BY rowid DESC
LIMIT 1

-- name: add_version
-- Takes: ? for each column of account_term, in order. Changes: adds the row to account_term.
INSERT INTO account_term VALUES (?, ?, ?, ?, ?)
