-- Reads: restatement, receipt. Takes: $session (null: any). Gives: the restatements in order of recording.
SELECT
    r.append_no::INTEGER, coalesce(a.label, '')::VARCHAR, r.recorded_at::BIGINT, r.day::DATE,
    r.before_count::BIGINT, r.after_count::BIGINT,
    r.removed::VARCHAR[], r.added::VARCHAR[], r.because::VARCHAR[], r.because_count::BIGINT
FROM restatement AS r
LEFT JOIN receipt AS a USING (append_no)
WHERE $session IS NULL OR list_contains(r.removed, $session) OR list_contains(r.added, $session)
ORDER BY r.recorded_at, r.append_no, r.day
