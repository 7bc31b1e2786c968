-- Takes: nothing. Gives: staged_session, an empty temporary table of the columns of session.
-- It is declared rather than copied by `AS SELECT … LIMIT 0`: DuckDB 2.0.0 finds no row in a table made so, if
-- more than a row group of Arrow data was inserted into it in the same transaction.
CREATE OR REPLACE TEMP TABLE staged_session (
    session_id UUID NOT NULL,
    policy INTEGER NOT NULL,
    customer_id VARCHAR NOT NULL,
    conversation_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    opening_event_id VARCHAR NOT NULL,
    opening_touchpoint INTEGER NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    last_event_at BIGINT NOT NULL,
    event_count INTEGER NOT NULL,
    closed_by UTINYINT NOT NULL,
    preview BOOLEAN NOT NULL,
    footprint INTEGER NOT NULL
)
