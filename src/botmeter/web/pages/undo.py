"""Undo of removals, each with the right to remove."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path

from botmeter.domain import text
from botmeter.domain.errors import BotmeterError, Conflict
from botmeter.domain.instant import present
from botmeter.ledger.quarantine import restore_discarded
from botmeter.people.audit import Action
from botmeter.people.models import DayNote, Link, Membership, SavedView, ShareLink, User
from botmeter.people.notifications.schedule_models import Schedule
from botmeter.people.notifications.security_messages import resume_invitation
from botmeter.people.removed_rows import put_back
from botmeter.people.rights import Right
from botmeter.people.shares import restore_share
from botmeter.web.access import Visit, for_member
from botmeter.web.notices import Notice, add_notice
from botmeter.web.undo import Undo, UndoKind, take_undo


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    right: Right
    restore: Callable[[Visit, Undo], Notice]


@for_member(Right.SEE_REPORTS, posts=Right.SEE_REPORTS)
def undo(visit: Visit) -> HttpResponse:
    """Undo the user's action, and go back to its page."""
    visit.require_post()
    back_href = ""
    try:
        offered = take_undo(visit, visit.request.POST.get("undo", ""))
        back_href, kind = offered.back_href, _KINDS[offered.kind]
        visit.require(kind.right)
        notice = kind.restore(visit, offered)
    except BotmeterError as problem:
        notice = Notice(fact="Nothing was undone.", consequence=problem.message, kind="bad")
    add_notice(visit.request, notice)
    return redirect(back_href) if back_href else redirect("reports", visit.account)


def _restore_member(visit: Visit, undo: Undo) -> Notice:
    membership = cast("Membership", undo.before)
    put_back(membership)
    user = User.objects.get(pk=membership.user_id)
    visit.record(Action.MEMBER_RESTORED, email=user.email, role=membership.role)
    return Notice(fact=f"{user} has access to this account again.")


def _restore_invitation(visit: Visit, undo: Undo) -> Notice:
    invitation = cast("Link", undo.before)
    put_back(invitation)
    resume_invitation(invitation)
    visit.record(Action.INVITATION_RESTORED, email=invitation.email)
    return Notice(fact=f"Invitation for {invitation.email} restored.", consequence="Its link works again.")


def _restore_view(visit: Visit, undo: Undo) -> Notice:  # noqa: ARG001 - views are not audited
    view = cast("SavedView", undo.before)
    put_back(view)
    return Notice(fact=f"View {view.name} restored.")


def _restore_query(visit: Visit, undo: Undo) -> Notice:  # noqa: ARG001 - views are not audited
    view = cast("SavedView", undo.before)
    if not SavedView.objects.filter(pk=view.pk).update(query=view.query):
        raise Conflict("undo_conflict", f"View {view.name} was deleted meanwhile.")
    return Notice(fact=f"View {view.name} is as before again.")


def _restore_note(visit: Visit, undo: Undo) -> Notice:
    note = cast("DayNote", undo.before)
    put_back(note)
    visit.record(Action.NOTE_ADDED, day=note.on.isoformat(), note=note.text)
    return Notice(fact=f"Note “{note.text}” restored.")


def _restore_share(visit: Visit, undo: Undo) -> Notice:
    link = cast("ShareLink", undo.before)
    restore_share(link)
    visit.record(Action.SHARE_RESTORED, name=link.name)
    return Notice(fact=f"Link {link.name} works again.")


def _restore_schedule(visit: Visit, undo: Undo) -> Notice:
    schedule = cast("Schedule", undo.before)
    # Slots that fell due meanwhile are not sent.
    Schedule.objects.filter(pk=schedule.pk).update(removed_at=None, begins_at=present())
    visit.record(Action.SCHEDULE_RESTORED, name=schedule.name)
    return Notice(fact=f"Schedule {schedule.name} restored.")


def _restore_events(visit: Visit, undo: Undo) -> Notice:
    with visit.writing() as ledger:
        count = restore_discarded(ledger, cast("tuple[int, ...]", undo.before))
    visit.record(Action.QUARANTINE_RESTORED, events=count)
    return Notice(fact=f"{text.counted(count, 'event')} restored.", consequence="They are in quarantine again.")


_KINDS: Final = {
    UndoKind.MEMBER_REMOVED: _Kind(right=Right.MANAGE_USERS, restore=_restore_member),
    UndoKind.INVITATION_REVOKED: _Kind(right=Right.MANAGE_USERS, restore=_restore_invitation),
    UndoKind.VIEW_DELETED: _Kind(right=Right.SAVE_VIEWS, restore=_restore_view),
    UndoKind.VIEW_UPDATED: _Kind(right=Right.SAVE_VIEWS, restore=_restore_query),
    UndoKind.NOTE_REMOVED: _Kind(right=Right.WRITE_NOTES, restore=_restore_note),
    UndoKind.SHARE_REVOKED: _Kind(right=Right.SHARE, restore=_restore_share),
    UndoKind.SCHEDULE_REMOVED: _Kind(right=Right.SCHEDULE_REPORTS, restore=_restore_schedule),
    UndoKind.EVENTS_DISCARDED: _Kind(right=Right.MANAGE_QUARANTINE, restore=_restore_events),
}

urlpatterns = [path("a/<account>/undo", undo, name="undo")]
