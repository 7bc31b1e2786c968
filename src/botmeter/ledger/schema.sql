-- name: meta
-- Gives: meta, one row per fact about the file itself (schema_version, hash_probe, created_at).
CREATE TABLE meta (
    name  VARCHAR NOT NULL,
    value VARCHAR NOT NULL
)

-- name: account_term
-- Gives: account_term, one row per version of the account's settings; rows are only added, and the last one is in
-- force.
CREATE TABLE account_term (
    recorded_at    BIGINT  NOT NULL, -- µs UTC
    name           VARCHAR NOT NULL,
    available_from DATE    NOT NULL, -- earlier events are quarantined
    title          VARCHAR,          -- display name; null: the account's name
    set_by         VARCHAR           -- null: unknown
)

-- name: policy_term
-- Gives: policy_term, one row per policy of the account's schedule; `position` ascends with `from_at`.
CREATE TABLE policy_term (
    position    INTEGER NOT NULL, -- from 0; session.policy refers to it
    from_at     BIGINT  NOT NULL, -- µs UTC, a midnight; the first is before every event
    label       VARCHAR NOT NULL, -- name@version
    definition  VARCHAR NOT NULL, -- the policy as JSON
    recorded_at BIGINT  NOT NULL  -- µs UTC
)

-- name: source_term
-- Gives: source_term, one row per version of a source's settings; rows are only added, and the last one of a
-- source is in force.
CREATE TABLE source_term (
    recorded_at BIGINT  NOT NULL, -- µs UTC
    source      VARCHAR NOT NULL,
    platform    VARCHAR NOT NULL,
    settings    VARCHAR NOT NULL, -- bot, version, channel, identities and options, as JSON
    is_removed  BOOLEAN NOT NULL, -- the source is removed; its events stay
    set_by      VARCHAR           -- null: unknown
)

-- name: receipt
-- Gives: receipt, one row per committed submission: the outcomes of its events.
CREATE TABLE receipt (
    append_no   INTEGER NOT NULL, -- from 1, in order of commit
    recorded_at BIGINT  NOT NULL, -- µs UTC
    source      VARCHAR NOT NULL,
    label       VARCHAR NOT NULL, -- a file's name, or how the events came
    accepted    BIGINT  NOT NULL,
    duplicates  BIGINT  NOT NULL,
    conflicts   BIGINT  NOT NULL,
    rejected    BIGINT  NOT NULL,
    retry_of    INTEGER           -- the import whose quarantined events these are, by its append_no; 0: of no import; null: no retry
)

-- name: file_import
-- Gives: file_import, one row per imported file, in order of commit. Its receipt has the counts.
CREATE TABLE file_import (
    import_no   INTEGER  NOT NULL, -- from 1
    append_no   INTEGER  NOT NULL, -- the submission of its events
    kind        UTINYINT NOT NULL, -- ledger.imports.ImportKind
    file_name   VARCHAR  NOT NULL,
    size_bytes  BIGINT,            -- null: unknown, as of a pipe
    mapping     VARCHAR,           -- the mapping file's text; null: none
    imported_by VARCHAR,           -- null: unknown
    undone_at   BIGINT,            -- µs UTC; null: in force
    undone_by   VARCHAR,           -- null: unknown
    undone_for  VARCHAR            -- the reason
)

-- name: delivery
-- Gives: delivery, one row per request with live events, in order of arrival; the newest of each source
-- are kept, to find out why something did or did not arrive.
CREATE TABLE delivery (
    append_no   INTEGER NOT NULL, -- the append with its events
    received_at BIGINT  NOT NULL, -- µs UTC
    source      VARCHAR NOT NULL,
    delivery_id VARCHAR,          -- the platform's id; null: none
    subject     VARCHAR NOT NULL, -- the platform's event name, or how it was sent
    accepted    BIGINT  NOT NULL,
    duplicates  BIGINT  NOT NULL,
    conflicts   BIGINT  NOT NULL,
    rejected    BIGINT  NOT NULL,
    ignored     BIGINT  NOT NULL, -- items that never count
    detail      VARCHAR           -- reason of the first rejection or ignored item; null: none
)

-- name: touchpoint
-- Gives: touchpoint, one row per bot × version × channel ever seen.
CREATE TABLE touchpoint (
    touchpoint  INTEGER NOT NULL, -- from 0, in order of first sight
    bot_id      VARCHAR,          -- null: no bot took part
    bot_version VARCHAR,
    channel     VARCHAR NOT NULL
)

-- name: footprint_member
-- Gives: footprint_member, one row per touchpoint of each footprint.
-- A footprint of one touchpoint has its number; larger sets are numbered -1, -2, … as first seen.
CREATE TABLE footprint_member (
    footprint  INTEGER NOT NULL,
    touchpoint INTEGER NOT NULL
)

-- name: bot_name_sent
-- Gives: bot_name_sent, one row per bot that events name: its name as of its latest event that bears one.
CREATE TABLE bot_name_sent (
    bot_id   VARCHAR PRIMARY KEY,
    bot_name VARCHAR NOT NULL,
    named_at BIGINT  NOT NULL -- µs UTC of that event
)

-- name: bot_name_set
-- Gives: bot_name_set, one row per name that a person set for a bot, in that order; rows are only
-- added, and the last one of a bot is in force.
CREATE TABLE bot_name_set (
    recorded_at BIGINT  NOT NULL, -- µs UTC
    bot_id      VARCHAR NOT NULL,
    bot_name    VARCHAR NOT NULL, -- empty: the sent name was restored
    set_by      VARCHAR           -- null: unknown
)

-- name: bot
-- Reads: bot_name_set, bot_name_sent.
-- Gives: bot, one row per bot that has a name: the one that people gave it (set_name, null if none), else the one that
-- its events have.
CREATE VIEW bot AS
WITH name_set AS (
    SELECT bot_id, nullif(arg_max(bot_name, rowid), '') AS bot_name
    FROM bot_name_set
    GROUP BY bot_id
)
SELECT bot_id, coalesce(name_set.bot_name, bot_name_sent.bot_name) AS bot_name, name_set.bot_name AS set_name
FROM bot_name_sent
FULL JOIN name_set USING (bot_id)
WHERE coalesce(name_set.bot_name, bot_name_sent.bot_name) IS NOT NULL

-- name: customer_alias
-- Gives: customer_alias, one row each time an alias is set.
-- Rows are only added and undone; at most one per id is in force, and they never form a circle.
CREATE TABLE customer_alias (
    customer_id VARCHAR NOT NULL, -- the alias, as events have it
    same_as     VARCHAR NOT NULL, -- the customer named for it, which may be an alias too
    merge_no    INTEGER NOT NULL, -- the change that set it, from 1
    set_at      BIGINT  NOT NULL, -- µs UTC
    set_by      VARCHAR,          -- null: unknown
    undone_no   INTEGER,          -- the change that undid it; null: in force
    undone_at   BIGINT,           -- µs UTC
    undone_by   VARCHAR
)

-- name: same_customer
-- Reads: customer_alias. Gives: same_customer, one row per alias in force, with the customer that counts, which is no alias.
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

-- name: event
-- Gives: event, one row per (source, event_id), nearly in order of time.
CREATE TABLE event (
    event_key       UBIGINT  NOT NULL, -- hash(source, event_id): finds an event again without an index
    source          VARCHAR  NOT NULL,
    event_id        VARCHAR  NOT NULL USING COMPRESSION zstd, -- written in half the time, since most ids differ
    occurred_at     BIGINT   NOT NULL, -- µs UTC
    conversation_id VARCHAR  NOT NULL,
    customer_id     VARCHAR  NOT NULL, -- the customer that counts: same_customer of the sent one
    actor           UTINYINT NOT NULL, -- domain.event.Actor
    kind            UTINYINT NOT NULL, -- domain.event.Kind
    touchpoint      INTEGER  NOT NULL,
    bot_name        VARCHAR,
    ticket_id       VARCHAR,
    ticket_type     VARCHAR,
    preview         BOOLEAN,
    attributes      VARCHAR,           -- JSON object, as sent
    append_no       INTEGER  NOT NULL, -- the submission that brought it
    sent_customer_id VARCHAR,          -- the customer as sent; null: the one that counts
    is_pulled       BOOLEAN,           -- from a pull, so that its webhook is no conflict; never null
    is_erased       BOOLEAN,           -- its ids are pseudonyms, and its content is erased; never null
    is_conversation_erased BOOLEAN     -- its conversation_id is a pseudonym; never null
)

-- name: erased_key
-- Gives: erased_key, one row per event of an erased customer that left with an undone import. Sent again, it is a
-- duplicate and brings nothing back.
CREATE TABLE erased_key (
    event_key   UBIGINT NOT NULL, -- as event had it
    occurred_at BIGINT  NOT NULL  -- µs UTC
)

-- name: arrival
-- Gives: arrival, one row per live event that is not in event yet; settling moves them there, all at once.
CREATE TABLE arrival (
    event_key       UBIGINT  NOT NULL, -- as in event, like the next columns
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

-- name: quarantine
-- Gives: quarantine, one row per refused or conflicting event; the same one is stored once.
CREATE TABLE quarantine (
    quarantine_no BIGINT  NOT NULL, -- from 1
    append_no     INTEGER NOT NULL, -- the submission that first brought it
    recorded_at   BIGINT  NOT NULL, -- µs UTC
    source        VARCHAR NOT NULL,
    position      BIGINT  NOT NULL, -- in its file or request, from 0
    event_id      VARCHAR,
    code          VARCHAR NOT NULL, -- docs/reference/errors.md
    detail        VARCHAR NOT NULL,
    raw           BLOB    NOT NULL, -- as sent
    is_pulled     BOOLEAN,          -- from a pull; never null
    accepted_no   INTEGER,          -- the submission that brought the corrected event; null: none
    discarded_at  BIGINT,           -- µs UTC; null: not discarded
    discarded_by  VARCHAR,          -- null: unknown
    discarded_for VARCHAR,          -- the reason
    again_nos     INTEGER[]         -- imports that brought it again, by append_no; 0: another submission; null: none
)

-- name: waiting
-- Reads: quarantine. Gives: waiting, one row per event in quarantine that was neither discarded nor accepted since.
CREATE VIEW waiting AS
SELECT * FROM quarantine WHERE accepted_no IS NULL AND discarded_at IS NULL

-- name: session
-- Gives: session, one row per session, kept current; nearly in order of started_at.
-- Conversation, source, event and touchpoint are those of the opening event.
CREATE TABLE session (
    session_id         UUID     NOT NULL,
    policy             INTEGER  NOT NULL, -- policy_term.position
    customer_id        VARCHAR  NOT NULL,
    conversation_id    VARCHAR  NOT NULL,
    source             VARCHAR  NOT NULL,
    opening_event_id   VARCHAR  NOT NULL USING COMPRESSION zstd, -- as event.event_id
    opening_touchpoint INTEGER  NOT NULL,
    started_at         BIGINT   NOT NULL, -- µs UTC
    ended_at           BIGINT   NOT NULL, -- µs UTC; 2^62 while no limit ends it
    last_event_at      BIGINT   NOT NULL, -- µs UTC
    event_count        INTEGER  NOT NULL,
    closed_by          UTINYINT NOT NULL, -- domain.session.ClosedBy
    preview            BOOLEAN  NOT NULL, -- opened by a preview
    footprint          INTEGER  NOT NULL  -- the set of its touchpoints
)

-- name: participation
-- Gives: participation, one row per session × conversation × touchpoint; nearly in order of started_at.
CREATE TABLE participation (
    session_id      UUID    NOT NULL,
    started_at      BIGINT  NOT NULL, -- of the session, µs UTC
    customer_id     VARCHAR NOT NULL, -- of the session
    conversation_id VARCHAR NOT NULL,
    touchpoint      INTEGER NOT NULL,
    event_count     INTEGER NOT NULL,
    preview         BOOLEAN NOT NULL  -- of the session
)

-- name: conversation_span
-- Gives: conversation_span, a conversation's creation, first and last event: the least and the greatest over its
-- rows. Every append adds a row per touched conversation; from time to time,
-- those of one conversation are folded into one.
CREATE TABLE conversation_span (
    conversation_id  VARCHAR NOT NULL,
    created_at       BIGINT,           -- µs UTC of its conversation_created event, null if none
    first_event_at   BIGINT  NOT NULL, -- µs UTC
    last_event_at    BIGINT  NOT NULL, -- µs UTC
    conversation_key UBIGINT NOT NULL  -- hash(conversation_id): a look-up by it takes a tenth of the time of one by id
)

-- name: conversation_ticket
-- Gives: conversation_ticket, one row per conversation × ticket × type linked by any event.
CREATE TABLE conversation_ticket (
    conversation_id VARCHAR NOT NULL,
    ticket_id       VARCHAR NOT NULL,
    ticket_type     VARCHAR           -- null: the event named no type
)

-- name: conversation_day
-- Gives: conversation_day, one row per conversation × UTC day on which a session with it started × preview.
CREATE TABLE conversation_day (
    day             DATE    NOT NULL,
    conversation_id VARCHAR NOT NULL,
    preview         BOOLEAN NOT NULL, -- of those sessions
    footprint       INTEGER NOT NULL, -- touchpoints of the conversation in those sessions
    has_other_rows  BOOLEAN NOT NULL, -- the conversation has several rows
    conversation_key UBIGINT NOT NULL -- hash(conversation_id): finds its rows on any day without an index
)

-- name: session_ticket
-- Gives: session_ticket, one row per session × conversation × ticket × type; few, because most sessions have none.
CREATE TABLE session_ticket (
    day             DATE    NOT NULL, -- UTC day on which the session started
    session_id      UUID    NOT NULL,
    conversation_id VARCHAR NOT NULL,
    ticket_id       VARCHAR NOT NULL,
    ticket_type     VARCHAR NOT NULL, -- 'unknown' where no event of the pair names one
    footprint       INTEGER NOT NULL, -- touchpoints of the conversation in that session
    preview         BOOLEAN NOT NULL  -- of the session
)

-- name: session_usage
-- Gives: session_usage, the additive usage: the number of sessions that started on a day with one footprint,
-- opened at one touchpoint. Distinct sessions for any filter and split are its plain sums.
CREATE TABLE session_usage (
    day                DATE    NOT NULL,
    footprint          INTEGER NOT NULL,
    opening_touchpoint INTEGER NOT NULL,
    preview            BOOLEAN NOT NULL,
    session_count      BIGINT  NOT NULL
)

-- name: conversation_usage
-- Gives: conversation_usage, the number of conversations with one row in conversation_day, by that row's values.
-- The few with several rows are counted from conversation_day where `has_other_rows`.
CREATE TABLE conversation_usage (
    day                DATE    NOT NULL,
    footprint          INTEGER NOT NULL,
    preview            BOOLEAN NOT NULL,
    conversation_count BIGINT  NOT NULL
)

-- name: restatement
-- Gives: restatement, one row per cause × UTC day whose sessions it changed after the day was over.
CREATE TABLE restatement (
    cause         UTINYINT  NOT NULL, -- ledger.restatements.Cause
    cause_no      INTEGER   NOT NULL, -- the first append of its commit, the append of the undone import, or the change to customers; else 0
    recorded_at   BIGINT    NOT NULL, -- µs UTC
    day           DATE      NOT NULL,
    before_count  BIGINT    NOT NULL, -- sessions
    after_count   BIGINT    NOT NULL, -- sessions
    removed       VARCHAR[] NOT NULL, -- ids of removed sessions, at most 100
    added         VARCHAR[] NOT NULL, -- ids of new sessions, at most 100
    because       VARCHAR[] NOT NULL, -- ids of the causing events, at most 100
    because_count BIGINT    NOT NULL
)

-- name: plan_term
-- Gives: plan_term, one row per plan that the account was given, in the order in which they were set. A row changes only
-- when a term that has not begun is withdrawn.
CREATE TABLE plan_term (
    term_no     INTEGER NOT NULL, -- from 1
    from_at     BIGINT  NOT NULL, -- µs UTC
    label       VARCHAR NOT NULL, -- name@version of the plan
    definition  VARCHAR NOT NULL, -- the plan as JSON
    policies    VARCHAR NOT NULL, -- the policies of its meters as they were then, by label, as JSON
    recorded_at BIGINT  NOT NULL, -- µs UTC
    set_by      VARCHAR,          -- null: unknown
    reason      VARCHAR,          -- null: none
    undone_at   BIGINT,           -- µs UTC; null: in force
    undone_by   VARCHAR,          -- null: unknown
    undone_for  VARCHAR           -- the reason
)

-- name: purchase
-- Gives: purchase, one row per purchase of packs, or its reversal, in the order in which they were recorded.
CREATE TABLE purchase (
    purchase_no INTEGER NOT NULL, -- from 1
    meter       INTEGER NOT NULL, -- of the plan, from 0
    how         VARCHAR NOT NULL, -- ledger.billing.purchases.Purchasing
    packs       BIGINT  NOT NULL, -- the number of packs
    pack_units  VARCHAR NOT NULL, -- a decimal
    pack_price  VARCHAR NOT NULL, -- a decimal, in the plan's currency
    from_at     BIGINT  NOT NULL, -- µs UTC from which the packs can be used
    expires_at  BIGINT,           -- µs UTC; null: never
    cycle_start BIGINT,           -- µs UTC of the cycle to which a recurring or least purchase belongs
    opening_key UBIGINT,          -- the session that triggered a recharge, as in correction
    recorded_at BIGINT  NOT NULL, -- µs UTC
    set_by      VARCHAR,          -- null: unknown
    reason      VARCHAR,          -- null: none
    reverses    INTEGER           -- the purchase that was never made; null: a purchase
)

-- name: recharge_span
-- Gives: recharge_span, one row per settling whose sessions may still make a plan buy, in order. Rows go once it has bought.
CREATE TABLE recharge_span (
    after_at BIGINT NOT NULL, -- µs UTC, the latest start of a session before
    until_at BIGINT NOT NULL  -- µs UTC, the latest start of a session afterwards
)

-- name: pack_removal
-- Gives: pack_removal, one row per removal of recurring packs, or its reversal, in the order in which they were recorded.
CREATE TABLE pack_removal (
    removal_no  INTEGER NOT NULL, -- from 1
    meter       INTEGER NOT NULL, -- of the plan, from 0
    from_at     BIGINT  NOT NULL, -- µs UTC, the start of the first cycle without them
    packs       BIGINT  NOT NULL, -- the number of packs
    recorded_at BIGINT  NOT NULL, -- µs UTC
    set_by      VARCHAR,          -- null: unknown
    reason      VARCHAR,          -- null: none
    reverses    INTEGER           -- the removal that was never made; null: a removal
)

-- name: opening_balance
-- Gives: opening_balance, one row per balance with which a meter began; the last one of a meter is in force.
CREATE TABLE opening_balance (
    balance_no     INTEGER NOT NULL, -- from 1
    meter          INTEGER NOT NULL, -- of the plan, from 0
    as_of          BIGINT  NOT NULL, -- µs UTC
    allowance_used VARCHAR NOT NULL, -- a decimal
    packs          VARCHAR NOT NULL, -- what was left of each pack, as JSON
    recorded_at    BIGINT  NOT NULL, -- µs UTC
    set_by         VARCHAR,          -- null: unknown
    reason         VARCHAR           -- null: none
)

-- name: correction
-- Gives: correction, one row per session that people took off the bill, or the undoing of one, in that order.
-- It names the session's opening event, since ids of sessions change when an earlier event comes late.
CREATE TABLE correction (
    correction_no INTEGER NOT NULL, -- from 1
    kind          VARCHAR NOT NULL, -- ledger.billing.corrections.CorrectionKind
    opening_key   UBIGINT NOT NULL, -- event.event_key of the opening event, or rekeyed_event.opening_key
    started_at    BIGINT  NOT NULL, -- µs UTC, of the session then
    ended_at      BIGINT  NOT NULL, -- µs UTC, of the session then
    reason        VARCHAR NOT NULL,
    recorded_at   BIGINT  NOT NULL, -- µs UTC
    set_by        VARCHAR,          -- null: unknown
    undoes        INTEGER           -- the correction that no longer applies; null: a correction
)

-- name: statement
-- Gives: statement, one row per closed cycle, and one per currency of earlier cycles that it adjusts, in that order.
CREATE TABLE statement (
    statement_no INTEGER NOT NULL, -- from 1, without gaps
    number       VARCHAR NOT NULL, -- as printed
    cycle_start  BIGINT  NOT NULL, -- µs UTC
    cycle_end    BIGINT  NOT NULL, -- µs UTC
    closed_at    BIGINT  NOT NULL, -- µs UTC
    closed_by    VARCHAR,          -- null: the server
    currency     VARCHAR NOT NULL, -- one statement per cycle and currency
    document     BLOB    NOT NULL, -- canonical JSON
    sha256       VARCHAR NOT NULL, -- of the document, in hexadecimal
    fingerprints VARCHAR NOT NULL  -- of the sessions of all closed cycles as of then, by cycle_start, as JSON; not compared by verify
)

-- name: statement_session
-- Gives: statement_session, one row per session of a statement, and per session that it adjusts, in rating order. The
-- last row of a session says how it is charged.
CREATE TABLE statement_session (
    statement_no INTEGER NOT NULL,
    cycle_start  BIGINT  NOT NULL, -- µs UTC, of the cycle in which it started
    meter        INTEGER NOT NULL, -- of the plan, from 0
    policy       VARCHAR,          -- name@version, pinned by the plan; null: the account's own
    opening_key  UBIGINT NOT NULL, -- as in correction
    started_at   BIGINT  NOT NULL, -- µs UTC
    bot_id       VARCHAR,          -- of the opening event; null: no bot took part
    channel      VARCHAR NOT NULL,
    funding      VARCHAR NOT NULL, -- allowance, pack 1, beyond, …; none: it is no session any more
    change       VARCHAR,          -- billing.adjustment.Change of an adjusted session; null: of the statement's own cycle
    reason       VARCHAR           -- billing.adjustment.Reason; null: only its funding changed
)

-- name: rekeyed_event
-- Gives: rekeyed_event, one row per event that bills name by a key that it no longer has, because a later DuckDB hashes
-- its id differently. Bills go on naming it by the old key.
CREATE TABLE rekeyed_event (
    opening_key UBIGINT NOT NULL, -- as correction, purchase and statement_session have it
    event_key   UBIGINT NOT NULL  -- as event has it
)

-- name: cost_centre_term
-- Gives: cost_centre_term, one row per cost centre given to a bot or a channel from a day on; of those of one bot or
-- channel and day, the last one is in force.
CREATE TABLE cost_centre_term (
    from_on     DATE    NOT NULL, -- UTC
    bot_id      VARCHAR,          -- null: of a channel
    channel     VARCHAR,          -- null: of a bot
    cost_centre VARCHAR NOT NULL, -- empty: none
    recorded_at BIGINT  NOT NULL, -- µs UTC
    set_by      VARCHAR           -- null: unknown
)

-- name: budget
-- Gives: budget, one row per budget, in the order in which they were set. A row changes only when its budget ends.
CREATE TABLE budget (
    budget_no   INTEGER NOT NULL, -- from 1
    scope       VARCHAR NOT NULL, -- ledger.billing.budgets.BudgetScope
    name        VARCHAR,          -- of the bot, channel or cost centre; null: the account
    unit        VARCHAR NOT NULL, -- money or sessions
    amount      VARCHAR NOT NULL, -- a decimal
    per         VARCHAR NOT NULL, -- cycle or month
    is_brake    BOOLEAN NOT NULL, -- sessions beyond it are not served
    recorded_at BIGINT  NOT NULL, -- µs UTC
    set_by      VARCHAR,          -- null: unknown
    ended_at    BIGINT,           -- µs UTC; null: in force
    ended_by    VARCHAR           -- null: unknown
)

-- name: billing_term
-- Gives: billing_term, one row per version of the account's billing settings; the last one is in force.
CREATE TABLE billing_term (
    recorded_at BIGINT  NOT NULL, -- µs UTC
    grace_days  INTEGER NOT NULL, -- between a cycle's end and its closing
    set_by      VARCHAR           -- null: unknown
)

-- name: plan_session
-- Gives: plan_session, one row per session under a policy of a plan that is not the account's own, nearly in order of
-- started_at; the bill counts them, the report does not.
CREATE TABLE plan_session (
    policy             VARCHAR  NOT NULL, -- name@version
    session_id         UUID     NOT NULL, -- as in session, like the next columns
    customer_id        VARCHAR  NOT NULL,
    conversation_id    VARCHAR  NOT NULL,
    source             VARCHAR  NOT NULL,
    opening_event_id   VARCHAR  NOT NULL,
    opening_touchpoint INTEGER  NOT NULL,
    started_at         BIGINT   NOT NULL, -- µs UTC
    ended_at           BIGINT   NOT NULL, -- µs UTC; 2^62 while no limit ends it
    last_event_at      BIGINT   NOT NULL, -- µs UTC
    event_count        INTEGER  NOT NULL,
    closed_by          UTINYINT NOT NULL, -- domain.session.ClosedBy
    preview            BOOLEAN  NOT NULL
)
