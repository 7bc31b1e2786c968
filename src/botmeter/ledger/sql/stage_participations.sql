-- Takes: nothing. Gives: staged_participation, an empty temporary table of the columns of participation.
-- It is declared rather than copied by `AS SELECT … LIMIT 0`: DuckDB 2.0.0 finds no row in a table made so, if
-- more than a row group of Arrow data was inserted into it in the same transaction.
CREATE OR REPLACE TEMP TABLE staged_participation (
    session_id UUID NOT NULL,
    started_at BIGINT NOT NULL,
    customer_id VARCHAR NOT NULL,
    conversation_id VARCHAR NOT NULL,
    touchpoint INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    preview BOOLEAN NOT NULL
)
