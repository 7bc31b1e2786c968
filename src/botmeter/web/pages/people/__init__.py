"""Sign-in, own settings and members."""
