"""Target of the form that uploads a file; the server has received it."""

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


@takes_upload("import")
@for_member(Right.IMPORT_FILES, posts=Right.IMPORT_FILES)
def upload(visit: Visit, *, ticket: str) -> HttpResponse:
    """Go on to the file's page, or back with the reason."""
    del ticket  # checked before the file was received
    if visit.request.method != "POST":
        return redirect("imports", visit.account)
    try:
        received = received_file(visit.request)
        if not isinstance(received, Upload):
            raise Refused("upload_missing", "No file was chosen, or the chosen file is empty.")
    except BotmeterError as problem:
        add_notice(visit.request, Notice(fact="The file was not uploaded.", consequence=problem.message, kind="bad"))
        return _redirect(visit, reverse("imports", args=(visit.account,)))
    visit.record(Action.FILE_UPLOADED, file=received.file_name, size_bytes=received.size_bytes)
    return _redirect(visit, reverse("uploaded-file", args=(visit.account, received.number)))


def _redirect(visit: Visit, href: str) -> HttpResponse:
    # The script that shows the progress opens the page itself, so that it is made once.
    return HttpResponseClientRedirect(href) if visit.request.headers.get("HX-Request") else redirect(href)
