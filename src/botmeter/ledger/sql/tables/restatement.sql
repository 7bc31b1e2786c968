-- Gives: restatement, one row per submission × UTC day whose sessions it changed after the day was over.
CREATE TABLE restatement (
    append_no     INTEGER   NOT NULL, -- 0: the policy was changed for the past; below: minus a change to customers
    recorded_at   BIGINT    NOT NULL, -- µs UTC
    day           DATE      NOT NULL,
    before_count  BIGINT    NOT NULL, -- sessions
    after_count   BIGINT    NOT NULL, -- sessions
    removed       VARCHAR[] NOT NULL, -- ids of sessions that are no more, at most 100
    added         VARCHAR[] NOT NULL, -- ids of sessions that are new, at most 100
    because       VARCHAR[] NOT NULL, -- ids of the events that did it, at most 100
    because_count BIGINT    NOT NULL
)
