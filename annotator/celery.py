"""The Celery application; its tasks live in the stages' `tasks.py`."""

import os

from celery import Celery
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
# A fit with two BLAS threads burns a second core for no gain, and this core is the web server's.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

app = Celery("crossguard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["learner"], related_name="tick")


@task_prerun.connect
def _drop_dead_connections(**_: object) -> None:
    close_old_connections()
