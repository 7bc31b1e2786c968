"""The history of the people's database."""
