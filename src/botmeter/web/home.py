"""Home page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from botmeter.people.models import User
from botmeter.web.access import for_person


@for_person
def home(request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG001 - every view takes a request
    """Redirect to the report of the last or first account, else to the list of accounts."""
    names = list(user.memberships.order_by("account").values_list("account", flat=True))
    if not names:
        return redirect("accounts")
    name = user.last_account if user.last_account in names else names[0]
    return redirect("report", name)
