"""What a worker has done is followed up at once: nobody waits for the next beat of the tick."""

import pytest

from annotator.projects.models import Project
from annotator.queue.models import Batch
from annotator.runs import ACTIVE
from learner.query.featurising import feature_run_execute
from learner.query.models import QueryRun
from learner.query.services import feature_run_start
from learner.tick import tick_once
from learner.training.models import ClassifierVersion
from tests.connections import eventually
from tests.factories import GAMBLING, GAMES, make_items, make_project, make_resolution


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("celery_worker_process")
def test_a_new_classifier_chooses_and_goes_on_without_another_beat() -> None:
    project = make_project(batch_size=10, low_water=60)
    for topic, labels in (("games chess", [GAMES]), ("casino poker", [GAMBLING])):
        for item in make_items(project, 20, topic=topic):
            make_resolution(item, labels)
    make_items(project, 40)
    feature_run_execute(feature_run_start(project).pk)

    tick_once()  # starts the training; the first batch waits for it

    chosen = Batch.objects.filter(project=project, classifier_number=1)
    eventually(lambda: chosen.count() > 1, seconds=60)  # twenty places of sixty: one batch is not enough
    assert ClassifierVersion.objects.filter(project=project).count() == 1

    Project.objects.filter(pk=project.pk).update(
        paused=True
    )  # or the worker would go on while the database is emptied
    eventually(lambda: not QueryRun.objects.filter(status__in=ACTIVE).exists(), seconds=60)
