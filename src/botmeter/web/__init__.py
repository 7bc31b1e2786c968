"""The web: accounts of people and their roles, the pages, the read routes of the API.

Thin: a view reads the query out of the address, calls `reports` or `ledger`, and shows what they
say. It holds no rule about sessions; what people are and may is its own (`people`).
"""
