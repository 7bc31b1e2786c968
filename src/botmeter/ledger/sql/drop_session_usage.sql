-- Takes: {touched}: which days. Gives: session_usage without those days.
DELETE FROM session_usage WHERE {touched}
