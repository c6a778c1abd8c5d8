"""Every setting of Crossguard, read once from the environment; `.env.example` documents each name."""

import logging
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from environs import Env

from annotator.runtime import embedded

django_stubs_ext.monkeypatch()  # ModelAdmin[User] and the like, at run time too
env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
CROSSGUARD_HOME = embedded.home()

DEBUG = env.bool("CROSSGUARD_DEBUG", False)
SECRET_KEY = env.str("CROSSGUARD_SECRET_KEY", "") or embedded.secret_key()
ALLOWED_HOSTS = env.list("CROSSGUARD_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CROSSGUARD_TRUSTED_ORIGINS", [])
HTTPS = env.bool("CROSSGUARD_HTTPS", not embedded.is_local())

INSTALLED_APPS = [
    "annotator.runtime",
    "annotator.accounts",
    "annotator.projects",
    "annotator.pool",
    "annotator.queue",
    "annotator.judgments",
    "annotator.review",
    "learner.snapshots",
    "learner.query",
    "learner.training",
    "learner.suspects",
    "learner.evaluation",
    "learner.errors",
    "learner.monitoring",
    "learner.explorer",
    "learner.webhooks",
    "learner.demo",
    "learner",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "annotator.http.ErrorMiddleware",
    "annotator.conditional.ApiMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "annotator.urls"
WSGI_APPLICATION = "annotator.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# People -----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "annotator.accounts.backends.AccountBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "projects:home"
LOGOUT_REDIRECT_URL = "accounts:sign_in"
# Throttled in PostgreSQL, not in a cache: signing in has to work, and to be throttled, while Redis is down.
AXES_FAILURE_LIMIT = env.int("CROSSGUARD_SIGN_IN_FAILURES", 8)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
CSRF_FAILURE_VIEW = "annotator.http.forbidden"
AXES_LOCKOUT_CALLABLE = "annotator.http.locked_out"
SESSION_ENGINE = "annotator.accounts.sessions"
SESSION_COOKIE_AGE = env.int("CROSSGUARD_SESSION_SECONDS", 12 * 3600)
API_TOKEN_DAYS_MAX = env.int("CROSSGUARD_API_TOKEN_DAYS_MAX", 365)

# Database ---------------------------------------------------------------------------------------------------
DATABASES = {"default": env.dj_db_url("DATABASE_URL", embedded.database_url())}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# For annotator.statements alone: what the ORM asks is bound by the client, and never prepared.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("prepare_threshold", 2)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Files ------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# The image collects, hashes and compresses them once; elsewhere they are served from where they lie.
STATIC_ROOT = env.str("CROSSGUARD_STATIC_ROOT", None)
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
S3_BUCKET = env.str("CROSSGUARD_S3_BUCKET", "")
# Keys come from where every S3 client looks: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the machine's role.
S3_STORAGE = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": S3_BUCKET,
        "endpoint_url": env.str("CROSSGUARD_S3_ENDPOINT", None),  # of another maker than Amazon
        "region_name": env.str("CROSSGUARD_S3_REGION", None),
        "location": env.str("CROSSGUARD_S3_PREFIX", ""),
    },
}
FILE_STORAGE = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
STORAGES = {
    "default": S3_STORAGE if S3_BUCKET else FILE_STORAGE,
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_ROOT
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
MEDIA_ROOT = Path(env.str("CROSSGUARD_MEDIA", str(CROSSGUARD_HOME / "media")))
INGEST_MAX_BYTES = env.int("CROSSGUARD_INGEST_MAX_BYTES", 20 * 1024**3)  # after decompression
# Signs the manifests of snapshots; without it they are not signed.
SIGNING_KEY = env.str("CROSSGUARD_SIGNING_KEY", "")
UPLOAD_MAX_BYTES = env.int("CROSSGUARD_UPLOAD_MAX_BYTES", 2 * 1024**3)
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024**2
FILE_UPLOAD_PERMISSIONS = 0o600

# Celery -----------------------------------------------------------------------------------------------------
# A message is only a wake-up: the row is the truth, and the tick reads it again. Hence short timeouts.
REDIS_URL = env.str("REDIS_URL", embedded.redis_url())
CELERY_BROKER_URL = embedded.broker_url(REDIS_URL)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "interactive"  # the tick, and choosing a batch: what people wait for
CELERY_TASK_ROUTES = {"training.train": {"queue": "training"}} | {
    pattern: {"queue": "bulk"}
    for pattern in (
        "pool.*",
        "judgments.*",
        "review.*",
        "snapshots.*",
        "query.featurise",
        "query.compare",
        "query.suggest",
        "training.drive",
        "suspects.*",
        "evaluation.*",
        "errors.*",
        "explorer.*",
        "webhooks.*",
    )
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 3600
CELERY_TASK_SOFT_TIME_LIMIT = 3540
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 4000,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 30,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_DB_REUSE_MAX = (
    1000  # with the task_prerun hook of annotator.celery, or a dropped connection stays broken
)
TICK_SECONDS = env.float("CROSSGUARD_TICK_SECONDS", 2.0)
LOGS_SECONDS = 3600.0  # between two looks at what is new in the logs and worth a copy
# A chat endpoint that may suggest candidates: off while the first or the third is empty.
LLM_URL = env.str("CROSSGUARD_LLM_URL", "")
LLM_KEY = env.str("CROSSGUARD_LLM_KEY", "")
LLM_MODEL = env.str("CROSSGUARD_LLM_MODEL", "")
LLM_REQUESTS_A_DAY = env.int("CROSSGUARD_LLM_REQUESTS_A_DAY", 200)
LLM_ITEMS_A_RUN = env.int("CROSSGUARD_LLM_ITEMS_A_RUN", 20)
# Webhooks go to addresses of the internet, over TLS, unless the operator says otherwise.
WEBHOOK_HTTP = env.bool("CROSSGUARD_WEBHOOK_HTTP", False)
WEBHOOK_HOSTS = frozenset(env.str("CROSSGUARD_WEBHOOK_HOSTS", "").lower().replace(" ", "").split(","))
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "learner.tick", "schedule": TICK_SECONDS, "options": {"expires": 10 * TICK_SECONDS}},
    "logs": {"task": "snapshots.copy_logs", "schedule": LOGS_SECONDS, "options": {"expires": LOGS_SECONDS}},
}

# API --------------------------------------------------------------------------------------------------------
API_REQUESTS_A_MINUTE = env.int("CROSSGUARD_API_REQUESTS_A_MINUTE", 1200)  # for each token; 0: no limit
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotator.accounts.tokens.TokenAuthentication",
        "annotator.accounts.tokens.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "annotator.accounts.tokens.TokenScope",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["annotator.accounts.throttling.TokenThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["annotator.http.ApiParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "annotator.http.api_error",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Crossguard API",
    "DESCRIPTION": "Claim pages, judge them, read the evidence, take snapshots. Every error has one shape.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [
        "rest_framework.permissions.IsAuthenticated",
        "annotator.accounts.tokens.TokenScope",
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "annotator.schema.conditional_answers",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    # Sets of choices for fields of one name: a judgment may also be withdrawn, an answer may not say so.
    "ENUM_NAME_OVERRIDES": {
        "AnswerVerdictEnum": "annotator.review.desk.serializers.VERDICTS",
        "FormatEnum": "annotator.pool.models.Ingest.Format",
        "ImportFormatEnum": "annotator.judgments.imports.serializers.CHOICES",
        "VerdictEnum": "annotator.judgments.models.Verdict",
        "ScopeEnum": "annotator.review.models.Scope",
        "ErasureScopeEnum": "annotator.pool.models.Erasure.Scope",
        "QuestionStatusEnum": "annotator.review.models.Question.Status",
        "StatusEnum": "annotator.runs.RunStatus",
        "GateVerdictEnum": "learner.evaluation.release.serializers.VERDICTS",
        "RuleActionEnum": "learner.evaluation.lens.policy_serializers.ACTIONS",
        "StandingActionEnum": "annotator.review.people.person_serializers.ACTIONS",
    },
}

# Security ---------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("CROSSGUARD_BEHIND_PROXY", False) else None
)
SECURE_REDIRECT_EXEMPT = [r"^health/"]

# The rest ---------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True


def _is_news(record: logging.LogRecord) -> bool:
    # The tick comes every two seconds; that it came and went is worth no line.
    return record.levelno > logging.INFO or "learner.tick[" not in record.getMessage()


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"news": {"()": "django.utils.log.CallbackFilter", "callback": _is_news}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["news"]}},
    "root": {"handlers": ["console"], "level": env.str("CROSSGUARD_LOG_LEVEL", "INFO")},
    "loggers": {"axes": {"level": "WARNING"}},
}
