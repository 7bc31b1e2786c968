-- Gives: quarantine, one row per event that was refused or is in conflict; the same one is kept once.
CREATE TABLE quarantine (
    quarantine_no BIGINT  NOT NULL, -- from 1
    append_no     INTEGER NOT NULL, -- the submission that first brought it
    recorded_at   BIGINT  NOT NULL, -- µs UTC
    source        VARCHAR NOT NULL,
    position      BIGINT  NOT NULL, -- place in its file or request, from 0
    event_id      VARCHAR,
    code          VARCHAR NOT NULL, -- docs/reference/errors.md
    detail        VARCHAR NOT NULL,
    raw           BLOB    NOT NULL  -- as it was sent
)
