-- Gives: event, one row per event, each kept once by (source, event_id); appended, nearly in time order.
CREATE TABLE event (
    event_key       UBIGINT  NOT NULL, -- hash(source, event_id): finds an event again without an index
    source          VARCHAR  NOT NULL,
    event_id        VARCHAR  NOT NULL,
    occurred_at     BIGINT   NOT NULL, -- µs UTC
    conversation_id VARCHAR  NOT NULL,
    customer_id     VARCHAR  NOT NULL, -- who counts: same_customer of what was sent
    actor           UTINYINT NOT NULL, -- domain.event.Actor
    kind            UTINYINT NOT NULL, -- domain.event.Kind
    touchpoint      INTEGER  NOT NULL,
    bot_name        VARCHAR,
    ticket_id       VARCHAR,
    ticket_type     VARCHAR,
    preview         BOOLEAN,
    attributes      VARCHAR,           -- JSON object, as sent
    append_no       INTEGER  NOT NULL, -- the submission that brought it
    sent_customer_id VARCHAR           -- the customer as sent; null: the one that counts
)
