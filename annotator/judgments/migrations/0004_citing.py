from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """What cites a clause is found by index; made without holding up who writes."""

    atomic = False
    dependencies = [("judgments", "0003_annotators_day")]

    operations = [
        AddIndexConcurrently(
            "judgment",
            models.Index(
                name="judgment_citing", fields=["clause", "id"], condition=models.Q(clause__isnull=False)
            ),
        ),
    ]
