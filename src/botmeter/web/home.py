"""The home page."""

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from botmeter.people.models import User
from botmeter.web.access import for_person


@for_person
def home(request: HttpRequest) -> HttpResponse:
    """Redirect to the last or first account, else the list of accounts."""
    user = cast("User", request.user)
    names = list(user.memberships.order_by("account").values_list("account", flat=True))
    if not names:
        return HttpResponseRedirect(reverse("accounts"))
    name = user.last_account if user.last_account in names else names[0]
    return HttpResponseRedirect(reverse("reports", args=(name,)))
