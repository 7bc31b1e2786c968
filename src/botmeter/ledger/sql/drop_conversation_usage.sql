-- Takes: {touched}: which days. Gives: conversation_usage without those days.
DELETE FROM conversation_usage WHERE {touched}
