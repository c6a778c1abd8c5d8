"""The WSGI entry point (gunicorn annotator.wsgi)."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")

application = get_wsgi_application()
# Before the workers are forked, or each would read all views while its first visitors wait.
import_module(settings.ROOT_URLCONF)
# All that was read so far lives as long as the process: the collector need not walk over it, nor come so often.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
