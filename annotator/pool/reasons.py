"""Why a row is refused: one short stable word each, as stored, counted and documented in docs/ingest-format.md."""

from django.db import models


class Reason(models.TextChoices):
    """Why a row was not taken in."""

    NO_URL = "no_url", "No address"
    URL_TOO_LONG = "url_too_long", "Address too long"
    NOT_HTTP = "not_http", "Not http or https"
    UNPARSEABLE = "unparseable", "Not an address"
    NO_DOMAIN = "no_domain", "No domain"
    UNKNOWN_CATEGORY = "unknown_category", "Unknown category"
    LABELS = "labels", "Labels in another form"
    OBSERVED_AT = "observed_at", "observed_at is no moment"
    TRAFFIC = "traffic", "traffic is no number"
    SOURCE_TOO_LONG = "source_too_long", "source too long"
    METADATA_TOO_LONG = "metadata_too_long", "Further columns too long"
    HTML_TOO_LONG = "html_too_long", "HTML too long"
    HTML_TOO_DEEP = "html_too_deep", "HTML nested too deep"
    HTTP_STATUS = "http_status", "No page was answered"
    CONTENT_TYPE = "content_type", "Neither HTML nor text"
    NOT_TEXT = "not_text", "Not text"
    NOT_UTF8 = "not_utf8", "Not UTF-8"
    NOT_READABLE = "not_readable", "Line not readable"
    WRONG_WIDTH = "wrong_width", "Wrong number of cells"
