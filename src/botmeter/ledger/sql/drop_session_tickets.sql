-- Takes: {touched}: which days and conversations. Gives: session_ticket without them.
DELETE FROM session_ticket WHERE {touched}
