"""Server settings for tests: temporary data, fast password hashes."""

import atexit
import os
import tempfile

_FOLDER = tempfile.TemporaryDirectory(prefix="botmeter-web-")
atexit.register(_FOLDER.cleanup)
os.environ["BOTMETER_DATA"] = _FOLDER.name
os.environ.pop("DATABASE_URL", None)
# Of `make postgres`: the user database is on a server.
if url := os.environ.get("TESTS_DATABASE_URL"):
    os.environ["DATABASE_URL"] = url
os.environ["BOTMETER_SECRET_KEY"] = "only-for-tests"  # noqa: S105 - signs nothing that lasts

from botmeter.people import recovery_codes  # noqa: E402
from botmeter.web.settings import *  # noqa: E402, F403

del os.environ["BOTMETER_DATA"]
os.environ.pop("DATABASE_URL", None)
MIDDLEWARE = ["support.server_state.carry_state", *MIDDLEWARE]  # noqa: F405
recovery_codes.SCRYPT_N = 16
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
