"""Events become sessions here: the policy, its presets and the kernel.

Arrow comes in and Arrow goes out; this package knows no file, clock, network, account or SQL.
`policy` says what a rule may be, `arrange` puts events into its order, `kernel` decides where a
session begins and ends, `meter` joins the three.
"""
