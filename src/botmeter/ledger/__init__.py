"""The durable record of an account: events stored once, sessions kept current, usage kept additive.

One process owns a folder of accounts; an account is one DuckDB file. `folder` opens files, `ledger` is an open one,
`append` and `live_append` add events, `remeter` keeps sessions current, `usage` keeps the additive tables. A module's
SQL is in the `.sql` file beside it.
"""
