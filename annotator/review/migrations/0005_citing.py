from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What cites a clause is found by index; made without holding up who writes."""

    atomic = False
    dependencies = [("review", "0004_annotators_day")]

    operations = [
        AddIndexConcurrently(
            "resolution",
            models.Index(
                name="resolution_citing", fields=["clause", "id"], condition=models.Q(clause__isnull=False)
            ),
        ),
    ]
