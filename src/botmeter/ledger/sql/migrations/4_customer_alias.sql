-- Gives: customer_alias, what people said of customers' ids; as of version 4.
CREATE TABLE customer_alias (
    customer_id VARCHAR NOT NULL, -- the alias, as events have it
    same_as     VARCHAR NOT NULL, -- the customer that it is, who may be an alias too
    merge_no    INTEGER NOT NULL, -- the change that said so; changes are numbered from 1
    set_at      BIGINT  NOT NULL, -- µs UTC
    set_by      VARCHAR,          -- who; null: not known
    undone_no   INTEGER,          -- the change that took it back; null: it is in force
    undone_at   BIGINT,           -- µs UTC
    undone_by   VARCHAR
)
