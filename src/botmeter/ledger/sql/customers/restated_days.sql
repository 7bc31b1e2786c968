-- Reads: restatement. Takes: $append_no. Gives: how many days were restated because of it, one row.
SELECT count(*)::BIGINT FROM restatement WHERE append_no = $append_no
