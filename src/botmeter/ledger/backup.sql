-- name: checkpoint
-- Changes: all that was committed is in the file itself, none of it in DuckDB's log beside it.
CHECKPOINT

-- name: content_counts
-- Reads: event, session. Takes: nothing. Gives: how many of each there are, one row.
SELECT (SELECT count(*) FROM event)::BIGINT, (SELECT count(*) FROM session)::BIGINT

-- name: rename_account
-- Reads: account_term. Takes: $name. Changes: every version of the account's settings has that name.
UPDATE account_term SET name = $name
