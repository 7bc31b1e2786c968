-- Reads: given (touchpoint, bot_id, bot_version, channel). Takes: nothing. Gives: these in touchpoint.
INSERT INTO touchpoint
SELECT touchpoint, bot_id, bot_version, channel FROM given
