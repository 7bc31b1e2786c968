"""Question for a share link's password; nothing else is shown."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.urls import reverse

from botmeter.domain.errors import NotAllowed, Unavailable
from botmeter.people.guesses import is_share_password
from botmeter.people.models import ShareLink
from botmeter.people.share_proofs import set_proof
from botmeter.people.shares import note_opening
from botmeter.web.entry_page import EntryPage
from botmeter.web.layout import Frame
from botmeter.web.rendering import rendered
from botmeter.web.statuses import RETRY_AFTER_SECONDS, status_of

PASSWORD_LENGTH_MAX = 200


class SharePasswordForm(forms.Form):
    """Password of a link."""

    password = forms.CharField(
        label="Password",
        max_length=PASSWORD_LENGTH_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


def password_page(request: HttpRequest, link: ShareLink, *, secret: str) -> HttpResponse:
    """Ask for the password, or go on to the requested address once it is right.

    Raises:
        NotAllowed: `share_password_missing` for parts of a page.
    """
    if request.headers.get("HX-Request"):
        raise NotAllowed("share_password_missing", "Reload the page and enter the password of this link.")
    form, refusal = SharePasswordForm(request.POST or None), None
    if form.is_valid():
        try:
            if is_share_password(request, link, password=form.cleaned_data["password"]):
                response = redirect(request.get_full_path())
                set_proof(response, link, path=reverse("shared", args=(secret,)))
                if "Sec-Fetch-Site" in request.headers:
                    # The request that follows comes from this page, and does not count.
                    note_opening(link)
                return response
            form.add_error("password", "Wrong password.")
        except Unavailable as problem:
            form.add_error(None, problem.message)
            refusal = problem
    page = EntryPage(
        frame=Frame(title="Password required", csrf_token=get_token(request), theme=""),
        sentence="This link is protected by a password. Ask the person who sent it to you.",
        form=form,
        submit="Continue",
        next_path="",
        links=(),
    )
    if refusal is None:
        return rendered(request, "entry_page.html", page=page)
    refused = rendered(request, "entry_page.html", page=page, status=status_of(refusal))
    refused.headers["Retry-After"] = str(refusal.retry_after_seconds or RETRY_AFTER_SECONDS)
    return refused
