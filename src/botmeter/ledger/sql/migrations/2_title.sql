-- Reads: account_term. Gives: a title in it, which is null: the account is called by its name.
ALTER TABLE account_term ADD COLUMN title VARCHAR
