"""Command lines that the server runs for other processes."""

from botmeter.cli.context import CommandContext, in_context
from botmeter.cli.failures import STOPPED, UNREAD
from botmeter.cli.main import exit_code
from botmeter.cli.output import stdout_abandoned
from botmeter.domain.errors import Unavailable
from botmeter.server.command_host import HostedCommand


def run_hosted(command: HostedCommand) -> int:
    """Run a command line in its context; return the exit code."""
    context = CommandContext(
        stdin=command.stdin,
        stdout=command.stdout,
        stderr=command.stderr,
        environment=command.environment,
        program=command.program,
        cwd=command.cwd,
        folder=command.folder,
        interruption=command.interruption,
        served_at=command.served_at,
    )
    try:
        with in_context(context):
            code = exit_code(command.arguments)
            try:
                command.stdout.flush()
            except BrokenPipeError:
                stdout_abandoned()
                return UNREAD
            return code
    except (KeyboardInterrupt, Unavailable):
        # Interrupted while reporting the interruption: nobody reads from the pipe behind stderr.
        return STOPPED
