"""The durable record of an account: events kept once, sessions kept current, usage kept additive.

One folder of accounts, owned by one process; one DuckDB file an account. `folder` opens files,
`ledger` is an open one, `intake` takes events in, `remeter` keeps sessions current, `usage` keeps
the additive tables. SQL stands in `sql/`, one statement a file.
"""
