-- Reads: account_term. Takes: nothing. Gives: the versions of the account's settings, in order.
SELECT recorded_at::BIGINT, name::VARCHAR, available_from::DATE, title::VARCHAR, set_by::VARCHAR
FROM account_term
ORDER BY rowid
