"""The loop on an S3-compatible store in place of a shared disk: what is written there is read back, or refused."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer

from annotator.pool.models import Evidence, Ingest, Split
from annotator.pool.services import Upload, ingest_create, ingest_run
from annotator.projects.models import Role
from annotator.runs import RunStatus
from learner.query import featurising
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.files import FileDamagedError, file_read
from learner.query.models import AuditWave, FeatureShard, QueryRun
from learner.query.services import feature_run_start, query_run_start
from learner.snapshots.files import zip_stream
from learner.snapshots.models import Snapshot
from learner.snapshots.services import snapshot_run_execute, snapshot_run_start
from learner.training.fitting import training_run_execute
from learner.training.models import ClassifierVersion
from learner.training.services import batch_run_start, training_run_start
from tests.factories import GAMES, make_items, make_member, make_project, make_resolution

pytestmark = pytest.mark.django_db(transaction=True)  # a snapshot is read by a connection of its own

BUCKET = "crossguard"


@pytest.fixture
def bucket(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket of a real server that speaks S3, as the storage of everything."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        address = "http://{}:{}".format(*server.get_host_and_port())
        httpx.post(
            f"{address}/moto-api/reset"
        ).raise_for_status()  # servers of one process share their buckets
        store = boto3.resource("s3", endpoint_url=address, region_name="us-east-1")
        made = store.create_bucket(Bucket=BUCKET)
        options = {"bucket_name": BUCKET, "endpoint_url": address, "region_name": "us-east-1"}
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
        }
        yield made
    finally:
        server.stop()


def test_the_loop_runs_on_objects_alone(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(featurising, "SHARD_ITEMS", 20)
    project = make_project("pilot", batch_size=10)
    admin = make_member(project, Role.ADMIN)
    rows = [f"https://site{n}.example/,{'chess games' if n % 2 else 'weather report'} {n}" for n in range(60)]
    upload = Upload("pages.csv", io.BytesIO("\n".join(["url,title", *rows]).encode()))
    ingest = ingest_create(project, upload, by=admin)
    assert keys(bucket) == {Ingest.objects.get().file}
    ingest_run(ingest.pk)
    for row in Evidence.objects.filter(item__split=Split.TRAIN).select_related("item")[:40]:
        make_resolution(row.item, [GAMES] if "chess" in row.title else [])
    feature_run_execute(feature_run_start(project).pk)
    training_run_execute(training_run_start(project, "asked").pk)
    query_run_execute(batch_run_start(project, "asked").pk)
    snapshot_run_execute(snapshot_run_start(project, admin).pk)

    query, classifier, frozen = (
        QueryRun.objects.get(),
        ClassifierVersion.objects.get(),
        Snapshot.objects.get(),
    )
    assert (query.status, query.classifier_number) == (RunStatus.DONE, 1)
    assert query.batch is not None
    shards = set(FeatureShard.objects.values_list("path", flat=True))
    assert len(shards) == 3
    files = {f"{frozen.directory}/{name}" for name in frozen.manifest["files"]} | {
        f"{frozen.directory}/manifest.json"
    }
    assert (
        keys(bucket) == shards | {classifier.artifact, AuditWave.objects.get().path} | files
    )  # no part of a query stays, and no upload
    archive = zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(frozen))))
    assert archive.testzip() is None


def test_an_object_that_was_changed_or_lost_is_refused(bucket: Any) -> None:
    project = make_project("pilot", batch_size=10)
    make_items(project, 5)
    feature_run_execute(feature_run_start(project).pk)
    row = FeatureShard.objects.get()
    assert file_read(row.path, row.sha256)

    bucket.Object(row.path).put(Body=b"something else")
    with pytest.raises(FileDamagedError, match="is damaged"):
        file_read(row.path, row.sha256)
    bucket.Object(row.path).delete()
    with pytest.raises(FileDamagedError, match="is gone"):
        file_read(row.path, row.sha256)
    query_run_execute(query_run_start(project, "asked", None).pk)

    assert QueryRun.objects.get().status == RunStatus.FAILED
    feature_run_execute(feature_run_start(project).pk)
    assert default_storage.exists(FeatureShard.objects.get().path)


def keys(bucket: Any) -> set[str]:
    return {found.key for found in bucket.objects.all()}
