-- Reads: quarantine. Takes: $first_on. Gives: how many events are in quarantine because the account's data began
-- later, and occurred on that UTC day or after it; one row. Only these are known to be JSON, as intake wrote it.
SELECT count(*)::BIGINT
FROM quarantine
WHERE CASE
    WHEN code = 'before_available_from'
        THEN json_extract_string(decode(raw), '$.occurred_at')::TIMESTAMP >= $first_on::DATE
    ELSE false
END
