-- Reads: given (footprint, touchpoint). Takes: nothing. Gives: these in footprint_member.
INSERT INTO footprint_member
SELECT footprint, touchpoint FROM given
