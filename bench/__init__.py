"""Measurements of the promised speed and memory: `python -m bench`.

One module per part, each beside a peer measured in the same run, since seconds alone depend on the machine. Measured
code runs in a process of its own (`fresh`), for true peak memory and caches.
"""
