-- Gives: policy_term, one row per policy of the account's schedule; `place` ascends with `from_at`.
CREATE TABLE policy_term (
    place       INTEGER NOT NULL, -- from 0; what session.policy refers to
    from_at     BIGINT  NOT NULL, -- µs UTC, a midnight; the first is before every event
    label       VARCHAR NOT NULL, -- name@version
    definition  VARCHAR NOT NULL, -- the policy as JSON
    recorded_at BIGINT  NOT NULL  -- µs UTC
)
