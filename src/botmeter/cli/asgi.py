"""ASGI application of `serve`, imported by Granian."""

from botmeter.cli.hosted import run_hosted
from botmeter.server.asgi import start_application

application = start_application(run_command=run_hosted)
