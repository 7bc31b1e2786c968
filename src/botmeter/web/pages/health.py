"""Whether the process lives, and whether it can answer."""

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from botmeter.domain.errors import Unavailable
from botmeter.web.ledgers import ledgers
from botmeter.web.visits import for_everyone


@for_everyone
def alive(request: HttpRequest) -> HttpResponse:
    """The process lives."""
    del request
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@for_everyone
def ready(request: HttpRequest) -> HttpResponse:
    """The ledgers are open and the people's database answers; 503 otherwise."""
    from botmeter.web.people.models import User

    del request
    try:
        ledgers()
        User.objects.exists()
    except Unavailable as error:
        return _not_ready(error.message)
    except DatabaseError:
        return _not_ready("The people's database does not answer.")
    return HttpResponse("ready\n", content_type="text/plain; charset=utf-8")


def _not_ready(sentence: str) -> HttpResponse:
    return HttpResponse(f"{sentence}\n", status=503, content_type="text/plain; charset=utf-8")
