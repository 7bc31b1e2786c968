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
