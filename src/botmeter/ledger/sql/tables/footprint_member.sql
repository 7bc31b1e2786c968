-- Gives: footprint_member, one row per touchpoint of each footprint.
-- A footprint of one touchpoint has its number; larger sets are numbered -1, -2, … as first seen.
CREATE TABLE footprint_member (
    footprint  INTEGER NOT NULL,
    touchpoint INTEGER NOT NULL
)
