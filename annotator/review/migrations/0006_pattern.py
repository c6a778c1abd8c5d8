from django.db import migrations, models

# The sweep knows the pattern of an item: it is told to look at those that are open already.
LOOK_AGAIN = """
INSERT INTO review_due (project_id, item_id)
SELECT project_id, item_id FROM disagreement WHERE closed_at IS NULL
"""


class Migration(migrations.Migration):
    """What people disagree about, as one word on the disagreement."""

    dependencies = [("judgments", "0001_initial"), ("review", "0005_citing")]

    operations = [
        migrations.AddField(
            model_name="disagreement",
            name="pattern",
            field=models.CharField(
                blank=True,
                default="",
                help_text="What people differ in, as one word; empty until the sweep has looked.",
                max_length=160,
            ),
        ),
        migrations.AddIndex(
            model_name="disagreement",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["project", "pattern", "id"],
                name="disagreement_pattern",
            ),
        ),
        migrations.RunSQL(LOOK_AGAIN, migrations.RunSQL.noop),
    ]
