"""`sessions`: the underlying data, the rows behind every number of the report."""

from botmeter.cli.grouping import Commands

commands = Commands()
