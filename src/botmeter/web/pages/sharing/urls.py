"""URLs of saved views and share links."""

from django.urls import path

from botmeter.web.pages.sharing import saved_views, shared_views, shares

urlpatterns = [
    path("a/<slug:account>/views", saved_views.views, name="views"),
    path("a/<slug:account>/views/<int:view>", saved_views.view, name="view"),
    path("a/<slug:account>/shares", shares.shares, name="shares"),
    path("a/<slug:account>/shares/<int:share>", shares.share, name="share"),
    path("s/<str:secret>", shared_views.shared, name="shared"),
    path("s/<str:secret>/fresh", shared_views.shared_fresh, name="shared-fresh"),
    path("s/<str:secret>/rows", shared_views.shared_rows, name="shared-rows"),
    path("s/<str:secret>/widgets/<slug:name>", shared_views.shared_widget, name="shared-widget"),
    path("s/<str:secret>/filters/<slug:field>", shared_views.shared_choices, name="shared-choices"),
]
