"""Target of the form that uploads a bill; the server has received it."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from botmeter.domain.errors import BotmeterError, Refused
from botmeter.live.uploads import Upload
from botmeter.people.audit import Action
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.notices import Notice, add_notice
from botmeter.web.upload_tickets import received_file, takes_upload


@takes_upload("bill")
@for_member(Right.SEE_BILLING, posts=Right.SEE_BILLING)
def bill_upload(visit: Visit, *, ticket: str) -> HttpResponse:
    """Go on to the bill's page, or back with the reason."""
    del ticket  # checked before the file was received
    href = reverse("bills", args=(visit.account,))
    if visit.request.method != "POST":
        return redirect(href)
    try:
        received = received_file(visit.request)
        if not isinstance(received, Upload):
            raise Refused("upload_missing", "No file was chosen, or the chosen file is empty.")
    except BotmeterError as problem:
        add_notice(visit.request, Notice(fact="The bill was not uploaded.", consequence=problem.message, kind="bad"))
    else:
        visit.record(Action.FILE_UPLOADED, file=received.file_name, size_bytes=received.size_bytes)
        href = reverse("bill", args=(visit.account, received.number))
    # The script that shows the progress opens the page itself, so that it is made once.
    return HttpResponseClientRedirect(href) if visit.request.headers.get("HX-Request") else redirect(href)
