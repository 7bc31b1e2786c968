"""Page of the gallery."""

from dataclasses import dataclass
from types import ModuleType

from django import forms
from django.http import HttpRequest, HttpResponse

from botmeter.web import components, rich_text
from botmeter.web.access import for_everyone
from botmeter.web.layout import Frame, plain_frame
from botmeter.web.rendering import rendered


class SampleForm(forms.Form):
    """Field of each kind, one of them invalid."""

    name = forms.CharField(help_text="What people call the account.")
    email = forms.EmailField(label="E-mail")
    zone = forms.ChoiceField(label="Time zone", choices=[("UTC", "UTC"), ("Asia/Kolkata", "Asia/Kolkata")])
    role = forms.ChoiceField(choices=[("viewer", "Viewer"), ("owner", "Owner")], widget=forms.RadioSelect)
    weekly = forms.BooleanField(label="Send a summary on Mondays", required=False, help_text="To every owner.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPage:
    """Modules that define the components' values."""

    frame: Frame
    form: forms.Form
    components: ModuleType
    rich_text: ModuleType


@for_everyone
def gallery(request: HttpRequest) -> HttpResponse:
    """Show the gallery; it needs no account."""
    page = GalleryPage(
        frame=plain_frame(request, title="Components"),
        form=SampleForm({"name": "Maple & Moor", "email": "priya@", "zone": "UTC", "role": "viewer"}),
        components=components,
        rich_text=rich_text,
    )
    return rendered(request, "gallery.html", page=page)
