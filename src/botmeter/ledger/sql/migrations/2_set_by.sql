-- Reads: account_term. Gives: who set each version in it, which nobody knows of those there are.
ALTER TABLE account_term ADD COLUMN set_by VARCHAR
