"""Saved report views."""

from django.db.models import Q, QuerySet

from botmeter.people.models import SavedView, User


def visible_views(user: User, account: str) -> "QuerySet[SavedView]":
    """Own and shared views, by name."""
    visible = SavedView.objects.filter(Q(owner=user) | Q(is_for_all=True), account=account)
    return visible.select_related("owner").order_by("name", "pk")


def saved_view_name(account: str, user: User, *, query: str) -> str:
    """Name of a query's view, own ones first; empty if none."""
    matching = visible_views(user, account).filter(query=query.removeprefix("?"))
    return next((view.name for view in sorted(matching, key=lambda view: view.owner_id != user.pk)), "")
