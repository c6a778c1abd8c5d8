"""What people read about refused rows."""

from pathlib import Path

import pytest
from django.conf import settings

from annotator.pool.columns import COLUMNS
from annotator.pool.models import RefusedRow
from annotator.pool.reasons import Reason

PAGE = (Path(settings.BASE_DIR) / "docs" / "ingest-format.md").read_text()


@pytest.mark.parametrize("word", [*Reason.values, *COLUMNS])
def test_every_reason_and_column_is_documented(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_every_reason_fits_its_column() -> None:
    assert max(map(len, Reason.values)) <= (RefusedRow._meta.get_field("reason").max_length or 0)
