"""URLs of sign-in, own settings and members."""

from django.urls import URLPattern, path

from botmeter.web.pages.people import accounts, by_link, passwords, person, second_factor, signing_in, users

urlpatterns: list[URLPattern] = [
    path("sign-in", signing_in.sign_in, name="sign-in"),
    path("sign-in/code", signing_in.second_step, name="second-factor"),
    path("sign-out", signing_in.sign_out, name="sign-out"),
    path("link/<secret>", by_link.by_link, name="by-link"),
    path("start/<secret>", by_link.first_start, name="first-start"),
    path("invitation/<secret>", by_link.invitation, name="invitation"),
    path("password", passwords.password_reset, name="password-reset"),
    path("password/<secret>", passwords.password_choose, name="password-choose"),
    path("me", person.me, name="me"),
    path("me/password", person.change_password, name="own-password"),
    path("me/sessions", person.end_chosen_sessions, name="own-sessions"),
    path("me/sign-out-everywhere", person.sign_out_everywhere, name="sign-out-everywhere"),
    path("me/second-step", second_factor.own_second_factor, name="own-second-factor"),
    path("me/second-step/change", second_factor.change_second_factor, name="change-second-factor"),
    path("accounts", accounts.accounts, name="accounts"),
    path("a/<account>/admin/users", users.users, name="users"),
    path("a/<account>/admin/users/<int:member>", users.member, name="member"),
    path("a/<account>/admin/invitations/<int:link>", users.invitation_revocation, name="invitation-withdrawn"),
]
