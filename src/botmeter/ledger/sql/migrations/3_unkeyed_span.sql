-- Changes: conversation_span is called unkeyed_span, to be read once more and dropped.
ALTER TABLE conversation_span RENAME TO unkeyed_span
