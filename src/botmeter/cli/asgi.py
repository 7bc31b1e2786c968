"""The ASGI application that `serve` runs. Granian imports it by name."""

from botmeter.cli.hosted import run_hosted
from botmeter.server.asgi import start_application

application = start_application(run_command=run_hosted)
