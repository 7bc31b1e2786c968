"""URLs of imports."""

from django.urls import URLPattern, path

from botmeter.web.pages.imports.file_page import uploaded_file
from botmeter.web.pages.imports.list_page import imports
from botmeter.web.pages.imports.receipt_page import file_import
from botmeter.web.pages.imports.run_page import import_run
from botmeter.web.pages.imports.sample_page import sample_data
from botmeter.web.pages.imports.upload import upload

urlpatterns: list[URLPattern] = [
    path("a/<account>/admin/imports", imports, name="imports"),
    path("a/<account>/admin/imports/upload/<ticket>", upload, name="upload"),
    path("a/<account>/admin/imports/files/<file>", uploaded_file, name="uploaded-file"),
    path("a/<account>/admin/imports/files/<file>/run", import_run, name="import-run"),
    path("a/<account>/admin/imports/sample", sample_data, name="sample-data"),
    path("a/<account>/admin/imports/<int:number>", file_import, name="import"),
]
