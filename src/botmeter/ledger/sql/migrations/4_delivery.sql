-- Gives: delivery, one row per request that brought live events; as of version 4.
CREATE TABLE delivery (
    append_no   INTEGER NOT NULL, -- the commit that took it in
    received_at BIGINT  NOT NULL, -- µs UTC
    source      VARCHAR NOT NULL,
    delivery_id VARCHAR,          -- what the sender calls the request; null: nothing
    subject     VARCHAR NOT NULL, -- what the platform calls what it is about
    accepted    BIGINT  NOT NULL,
    duplicates  BIGINT  NOT NULL,
    conflicts   BIGINT  NOT NULL,
    rejected    BIGINT  NOT NULL,
    ignored     BIGINT  NOT NULL, -- things in it that never count
    detail      VARCHAR           -- the first of these, or of the rejections; null: there was none
)
