"""Django settings from the program's settings and the data folder."""

from pathlib import Path

import dj_database_url

from botmeter.domain.durable_files import FILE_MODE
from botmeter.domain.setting_values import MailServer
from botmeter.domain.settings import Settings
from botmeter.web.logs import logging_config
from botmeter.web.secret import secret_keys

_SETTINGS = Settings.from_environment()
# Everything is served under the path of the public URL.
_PATH = _SETTINGS.url.path if _SETTINGS.url else ""
FORCE_SCRIPT_NAME = _PATH or None
DATA = (_SETTINGS.data_dir or _SETTINGS.default_data_dir).expanduser()

SECRET_KEY, *SECRET_KEY_FALLBACKS = [_SETTINGS.secret_key] if _SETTINGS.secret_key else secret_keys(DATA)
DEBUG = False
ALLOWED_HOSTS = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    *([_SETTINGS.url.host] if _SETTINGS.url else []),
    *_SETTINGS.hosts,
]
FONTS_DIR = _SETTINGS.fonts_dir
TRUSTED_PROXIES = _SETTINGS.trusted_proxies
CSRF_TRUSTED_ORIGINS = [_SETTINGS.url.origin] if _SETTINGS.url else []

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "botmeter.people",
]

MIDDLEWARE = [
    "botmeter.web.request_log.request_log",
    "botmeter.web.headers.security_headers",
    "botmeter.web.api.problems.problems_under_api",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "botmeter.web.session_storage.SessionStorage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "botmeter.web.sessions.SessionLimits",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "botmeter.web.failures.FailuresAsPages",
]

# For `make gallery` only; production servers have no gallery.
ROOT_URLCONF = "botmeter.web.gallery.urls" if _SETTINGS.gallery else "botmeter.web.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [Path(__file__).parent / "templates"],
        "OPTIONS": {"environment": "botmeter.web.rendering.environment"},
    },
]

DATABASES = {
    "default": dj_database_url.parse(
        _SETTINGS.database_url or f"sqlite:///{DATA / 'people.sqlite3'}", conn_max_age=600, conn_health_checks=True
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers wait for each other instead of failing, and readers never wait (docs.djangoproject.com, "SQLite notes").
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
PASSWORD_HASHERS = ["botmeter.people.password_hashing.PooledArgon2"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "botmeter.people.breached_passwords.BreachedPasswordValidator"},
    {"NAME": "botmeter.people.password_words.ContextWordsValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# A thousand values for each of five filters, and the rest of an address.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_100

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"

# Guesses of codes are limited with those of passwords, across devices and without waits of days.
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0
OTP_TOTP_ISSUER = "Botmeter"

IS_SECURE = _SETTINGS.url is not None and _SETTINGS.url.is_secure
# Browsers accept such names from https only: `__Host-` also for the root and this host alone.
COOKIE_PREFIX = ("__Secure-" if _PATH else "__Host-") if IS_SECURE else ""
KNOWN_BROWSER_COOKIE_NAME = f"{COOKIE_PREFIX}botmeter_browser"
# Of the path of one link, which `__Host-` does not allow.
SHARE_COOKIE_NAME = f"{'__Secure-' if IS_SECURE else ''}botmeter_share"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}botmeter_session"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = _PATH or "/"
# `people.session_limits` ends sessions earlier.
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}botmeter_csrf"
# Forms and htmx send the token that is in the page.
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "botmeter.web.failures.csrf_failure"
PUBLIC_ORIGIN = _SETTINGS.url.origin if _SETTINGS.url else ""
# Printed by `botmeter serve`, which passes it to its worker.
SERVED_AT = _SETTINGS.served_at or None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_SECURE else None
# It holds for all ports of the host, of which a URL with a port is not the only one.
HAS_STRICT_TRANSPORT = IS_SECURE and _SETTINGS.url is not None and _SETTINGS.url.port is None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

_MEMORY = {"BACKEND": "botmeter.web.memory_cache.MemoryCache", "OPTIONS": {"MAX_ENTRIES": 2_000}}
# A separate cache for secrets to be shown, so that other entries can't evict them.
CACHES = {"default": {**_MEMORY, "LOCATION": "all"}, "waiting_secrets": {**_MEMORY, "LOCATION": "secrets"}}

# Without a server no mail is sent: `mail_is_set`.
_MAIL = _SETTINGS.mail or MailServer(host="", port=587, encryption="none")
EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_SSL = _MAIL.encryption == "tls"
EMAIL_USE_TLS = _MAIL.encryption == "starttls"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = _SETTINGS.mail_from

USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# Collected static files; uploads are never stored.
FILE_UPLOAD_PERMISSIONS = FILE_MODE
STATIC_URL = f"{_PATH}/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [Path(__file__).parent / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "botmeter.web.static_files.JoinedStaticFilesStorage"},
}

LOGGING = logging_config(_SETTINGS.log_format, _SETTINGS.log_level)
