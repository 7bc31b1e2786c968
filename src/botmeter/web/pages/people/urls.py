"""URLs of sign-in, own settings and members."""

from django.urls import URLPattern, path

from botmeter.web.pages.people.accounts import accounts
from botmeter.web.pages.people.by_link import by_link, first_start, invitation
from botmeter.web.pages.people.passwords import password_choose, password_reset
from botmeter.web.pages.people.person import change_password, me, sign_out_everywhere
from botmeter.web.pages.people.second_factor import change_second_factor, own_second_factor
from botmeter.web.pages.people.signing_in import second_step, sign_in, sign_out
from botmeter.web.pages.people.users import invitation_revocation, member, users

urlpatterns: list[URLPattern] = [
    path("sign-in", sign_in, name="sign-in"),
    path("sign-in/code", second_step, name="second-factor"),
    path("sign-out", sign_out, name="sign-out"),
    path("link/<secret>", by_link, name="by-link"),
    path("start/<secret>", first_start, name="first-start"),
    path("invitation/<secret>", invitation, name="invitation"),
    path("password", password_reset, name="password-reset"),
    path("password/<secret>", password_choose, name="password-choose"),
    path("me", me, name="me"),
    path("me/password", change_password, name="own-password"),
    path("me/sign-out-everywhere", sign_out_everywhere, name="sign-out-everywhere"),
    path("me/second-step", own_second_factor, name="own-second-factor"),
    path("me/second-step/change", change_second_factor, name="change-second-factor"),
    path("accounts", accounts, name="accounts"),
    path("a/<account>/admin/users", users, name="users"),
    path("a/<account>/admin/users/<int:member>", member, name="member"),
    path("a/<account>/admin/invitations/<int:link>", invitation_revocation, name="invitation-withdrawn"),
]
