-- Gives: receipt, one row per submission that was committed: what became of its events.
CREATE TABLE receipt (
    append_no   INTEGER NOT NULL, -- from 1, in order of commit
    recorded_at BIGINT  NOT NULL, -- µs UTC
    source      VARCHAR NOT NULL,
    label       VARCHAR NOT NULL, -- what people call it: a file's name, a request
    accepted    BIGINT  NOT NULL,
    duplicates  BIGINT  NOT NULL,
    conflicts   BIGINT  NOT NULL,
    rejected    BIGINT  NOT NULL
)
