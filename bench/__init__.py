"""Measurements of the speed and memory that Botmeter promises: `python -m bench`.

Each figure is a module: metering, importing, reporting, appending, starting. It stands beside a
peer that was measured in the same run, since seconds alone say more of the machine than of us.
What is measured runs in a process of its own (`fresh`), so that peak memory and caches are honest.
"""
