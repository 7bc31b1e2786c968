-- name: content_counts
-- Reads: event, session. Takes: nothing. Gives: the number of each, one row.
SELECT (SELECT count(*) FROM event)::BIGINT, (SELECT count(*) FROM session)::BIGINT

-- name: account_name
-- Reads: account_term. Takes: nothing. Gives: the account that the file names itself, one row.
SELECT name::VARCHAR FROM account_term ORDER BY rowid DESC LIMIT 1

-- name: rename_account
-- Reads: account_term. Takes: $name. Changes: sets that name in all versions of the settings.
UPDATE account_term SET name = $name
