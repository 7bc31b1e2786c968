-- Reads: bot. Gives: bot_name_sent, as the table of the names that events bear is called from version 2 on.
ALTER TABLE bot RENAME TO bot_name_sent
