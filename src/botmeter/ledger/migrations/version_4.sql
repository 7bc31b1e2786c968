-- name: arrival
-- Gives: arrival, one row per live event that is on disk and not in event yet; as of version 4.
CREATE TABLE arrival (
    event_key       UBIGINT  NOT NULL, -- as in event, and so are the columns that follow
    source          VARCHAR  NOT NULL,
    event_id        VARCHAR  NOT NULL,
    occurred_at     BIGINT   NOT NULL, -- µs UTC
    conversation_id VARCHAR  NOT NULL,
    customer_id     VARCHAR  NOT NULL,
    actor           UTINYINT NOT NULL,
    kind            UTINYINT NOT NULL,
    touchpoint      INTEGER  NOT NULL,
    bot_name        VARCHAR,
    ticket_id       VARCHAR,
    ticket_type     VARCHAR,
    preview         BOOLEAN,
    attributes      VARCHAR,
    append_no       INTEGER  NOT NULL,
    sent_customer_id VARCHAR,
    received_at     BIGINT   NOT NULL  -- µs UTC of the commit that brought it
)

-- name: delivery
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

-- name: source_term
-- Gives: source_term, one row per version of a source's settings; rows are only ever added, and the last one of a
-- source is in force; as of version 4.
CREATE TABLE source_term (
    recorded_at BIGINT  NOT NULL, -- µs UTC
    source      VARCHAR NOT NULL,
    platform    VARCHAR NOT NULL,
    settings    VARCHAR NOT NULL, -- bot, version, channel, identities and options, as JSON
    is_removed  BOOLEAN NOT NULL, -- from now on the account has no such source; its events stay
    set_by      VARCHAR           -- who; null: not known
)

-- name: customer_alias
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

-- name: same_customer
-- Reads: customer_alias. Gives: same_customer, the customer that counts for each alias; as of version 4.
CREATE VIEW same_customer AS
WITH RECURSIVE said AS (
    SELECT customer_id, same_as FROM customer_alias WHERE undone_no IS NULL
),
led AS (
    SELECT customer_id, same_as FROM said
    UNION
    SELECT led.customer_id, said.same_as
    FROM led
    JOIN said ON said.customer_id = led.same_as
)
SELECT customer_id AS sent_customer_id, same_as AS customer_id
FROM led
WHERE same_as NOT IN (SELECT customer_id FROM said)

-- name: sent_customer
-- Reads: event. Gives: the customer as sent in it, which is null: nobody was merged before version 4.
ALTER TABLE event ADD COLUMN sent_customer_id VARCHAR
