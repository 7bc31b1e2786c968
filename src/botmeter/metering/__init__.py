"""Events to sessions: policies, presets and the kernel.

Arrow in, Arrow out; no file, clock, network, account or SQL. `policy` defines a rule, `arrange` orders events under it,
`kernel` decides where a session begins and ends, `meter` joins the three.
"""
