-- name: restatements
-- Reads: restatement, receipt, customer_alias. Takes: $session (null: any). Gives: the restatements in order of recording.
SELECT
    r.cause::UTINYINT, r.cause_no::INTEGER,
    CASE
        WHEN r.cause = 0 THEN coalesce(a.label, '')
        WHEN r.cause = 1 THEN ''
        WHEN r.cause_no IN (SELECT undone_no FROM customer_alias WHERE undone_no IS NOT NULL)
            THEN 'a merge undone, change ' || r.cause_no
        WHEN r.cause_no IN (SELECT merge_no FROM customer_alias)
            THEN 'customers merged, change ' || r.cause_no
        -- Their ids were erased since.
        ELSE 'customers changed, change ' || r.cause_no
    END::VARCHAR,
    r.recorded_at::BIGINT, r.day::DATE,
    r.before_count::BIGINT, r.after_count::BIGINT,
    r.removed::VARCHAR[], r.added::VARCHAR[], r.because::VARCHAR[], r.because_count::BIGINT
FROM restatement AS r
LEFT JOIN receipt AS a ON r.cause = 0 AND a.append_no = r.cause_no
WHERE $session IS NULL OR list_contains(r.removed, $session) OR list_contains(r.added, $session)
ORDER BY r.recorded_at, CASE r.cause WHEN 2 THEN -r.cause_no ELSE r.cause_no END, r.day
