-- Takes: {touched}: which days and conversations. Gives: conversation_day without them.
DELETE FROM conversation_day WHERE {touched}
