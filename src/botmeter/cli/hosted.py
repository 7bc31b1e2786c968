"""Command lines that the server runs for other processes."""

from django.conf import settings
from django.db import connections

from botmeter.cli.context import in_context
from botmeter.cli.failures import BROKEN_PIPE, STOPPED
from botmeter.cli.main import exit_code
from botmeter.cli.output import stdout_abandoned
from botmeter.domain.errors import Unavailable
from botmeter.server.command_context import CommandContext


def run_hosted(context: CommandContext, arguments: list[str]) -> int:
    """Run a command line; return its exit code."""
    try:
        with in_context(context):
            code = exit_code(arguments)
            try:
                context.stdout.flush()
            except BrokenPipeError:
                stdout_abandoned()
                return BROKEN_PIPE
            return code
    except (KeyboardInterrupt, Unavailable):
        # Interrupted while reporting the interruption: nobody reads from the pipe behind stderr.
        return STOPPED
    finally:
        # The thread ends with the command; nothing else closes its connections to the user database.
        if settings.configured:
            connections.close_all()
