"""Users, their accounts and rights, keys, links, and the audit log."""
