-- Reads: account_term. Takes: nothing. Gives: name and available_from as they are now, one row.
SELECT name::VARCHAR, available_from::DATE
FROM account_term
ORDER BY recorded_at DESC, rowid DESC
LIMIT 1
