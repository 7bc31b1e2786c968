-- Gives: arrival, one row per live event that is on disk and not in event yet; settling moves them there, all at once.
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
