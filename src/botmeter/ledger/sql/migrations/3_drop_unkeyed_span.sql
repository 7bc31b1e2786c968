-- Changes: unkeyed_span is dropped, since its rows are in conversation_span.
DROP TABLE unkeyed_span
