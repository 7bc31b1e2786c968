"""Usage reports, the underlying data and exports, for page, API and CLI alike.

A `UsageQuery` becomes SQL conditions in one place (`conditions`); `explain` gives the reasons for one session,
`simulate` the same traffic under other policies.
"""
