"""What is kept and handed on of a report: saved views, and links for people without an account."""
