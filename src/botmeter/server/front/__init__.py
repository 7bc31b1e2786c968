"""The asynchronous front: reads request bodies, answers the routes that take events, and passes the rest to Django."""
