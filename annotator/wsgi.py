"""The WSGI entry point (gunicorn annotator.wsgi)."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")

application = get_wsgi_application()
# Before the workers are forked, or each would read all views while its first visitors wait.
import_module(settings.ROOT_URLCONF)
