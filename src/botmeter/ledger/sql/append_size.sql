-- Reads: event. Takes: $append_no (the first of this commit).
-- Gives: how many events the commit brought, how many there are, and the latest instant of the others (null: none), one row.
SELECT
    (count(*) FILTER (WHERE append_no >= $append_no))::BIGINT,
    count(*)::BIGINT,
    (max(occurred_at) FILTER (WHERE append_no < $append_no))::BIGINT
FROM event
