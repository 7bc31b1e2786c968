"""The asynchronous front of the server: it reads each body, takes events in, and hands the rest to Django."""
