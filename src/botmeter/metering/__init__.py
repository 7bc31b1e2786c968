"""Events to sessions: policies, presets, kernel. Arrow in, Arrow out; no file, clock, network, account or SQL."""
