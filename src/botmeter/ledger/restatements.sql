-- name: restatements
-- Reads: restatement, receipt, customer_alias. Takes: $session (null: any). Gives: the restatements in order of recording.
SELECT
    r.append_no::INTEGER,
    CASE
        WHEN r.append_no >= 0 THEN coalesce(a.label, '')
        WHEN -r.append_no IN (SELECT undone_no FROM customer_alias WHERE undone_no IS NOT NULL)
            THEN 'a merge undone, change ' || -r.append_no
        WHEN -r.append_no IN (SELECT merge_no FROM customer_alias)
            THEN 'customers merged, change ' || -r.append_no
        -- Who they were was erased since.
        ELSE 'customers changed, change ' || -r.append_no
    END::VARCHAR,
    r.recorded_at::BIGINT, r.day::DATE,
    r.before_count::BIGINT, r.after_count::BIGINT,
    r.removed::VARCHAR[], r.added::VARCHAR[], r.because::VARCHAR[], r.because_count::BIGINT
FROM restatement AS r
LEFT JOIN receipt AS a USING (append_no)
WHERE $session IS NULL OR list_contains(r.removed, $session) OR list_contains(r.added, $session)
ORDER BY r.recorded_at, r.append_no, r.day
