import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# Rows that hold their words would be ten times as large, and a common word is found in a third of them. PostgreSQL moves
# a value out of its row only when the row has 2 KB, so it is padded: the blanks are compressed to almost nothing.
SMALL_ROWS = """
ALTER TABLE explorer_text SET (toast_tuple_target = 128);
ALTER TABLE explorer_text ADD COLUMN padding text STORAGE MAIN NOT NULL DEFAULT REPEAT(' ', 2040);
ALTER TABLE explorer_column ALTER COLUMN content SET STORAGE EXTERNAL;
"""
# An earlier stage knows nothing of this one, and what is sealed or erased must not be found a moment longer.
# It is never asked when an item is taken in.
FORGET = """
CREATE FUNCTION explorer_text_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM explorer_text WHERE item_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER explorer_text_forget AFTER UPDATE OF withheld, erased_at ON item
FOR EACH ROW WHEN (NEW.withheld OR NEW.erased_at IS NOT NULL) EXECUTE FUNCTION explorer_text_forget();
"""
FORGET_BACK = """
DROP TRIGGER explorer_text_forget ON item;
DROP FUNCTION explorer_text_forget();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("pool", "0001_initial"),
        ("projects", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExplorerState",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="projects.project",
                    ),
                ),
                ("layout", models.PositiveSmallIntegerField(default=0)),
                ("n_items", models.PositiveIntegerField(default=0)),
                ("last_item", models.BigIntegerField(default=0)),
                (
                    "classifier_number",
                    models.PositiveIntegerField(help_text="By which the columns are scored.", null=True),
                ),
                (
                    "common_at",
                    models.PositiveIntegerField(
                        default=0, help_text="Items that there were when the words of many pages were chosen."
                    ),
                ),
                (
                    "marks",
                    models.JSONField(
                        default=dict, help_text="Table -> id up to which its rows are surely read."
                    ),
                ),
                (
                    "seen",
                    models.JSONField(
                        default=dict, help_text="What the newest refresh found; it may have been early."
                    ),
                ),
                ("refreshed_at", models.DateTimeField(null=True)),
                ("busy_until", models.DateTimeField(null=True)),
                (
                    "taxonomy",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="projects.taxonomyversion",
                    ),
                ),
            ],
            options={
                "db_table": "explorer_state",
            },
        ),
        migrations.CreateModel(
            name="ExplorerChunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("first_item", models.BigIntegerField()),
                ("last_item", models.BigIntegerField()),
                ("n_items", models.PositiveIntegerField()),
                ("classifier_number", models.PositiveIntegerField(null=True)),
                ("n_scored", models.PositiveIntegerField(default=0)),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "db_table": "explorer_chunk",
                "constraints": [
                    models.UniqueConstraint(fields=("project", "number"), name="explorer_chunk_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ExplorerColumn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("chunk", models.PositiveIntegerField()),
                ("content", models.BinaryField()),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "db_table": "explorer_column",
                "constraints": [
                    models.UniqueConstraint(fields=("project", "name", "chunk"), name="explorer_column_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ExplorerFilter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "address",
                    models.CharField(help_text="The filter as the query of an address.", max_length=4000),
                ),
                ("shared", models.BooleanField(default=False)),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="projects.project",
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "explorer_filter",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "saved_by", "name"), name="explorer_filter_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ExplorerTerm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=120)),
                ("number", models.PositiveIntegerField()),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "db_table": "explorer_term",
                "constraints": [
                    models.UniqueConstraint(fields=("project", "kind", "name"), name="explorer_term_once"),
                    models.UniqueConstraint(
                        fields=("project", "kind", "number"), name="explorer_term_number_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExplorerText",
            fields=[
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="pool.item",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("words", django.contrib.postgres.search.SearchVectorField()),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "db_table": "explorer_text",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["words"], name="explorer_text_words")
                ],
            },
        ),
        migrations.RunSQL(SMALL_ROWS, migrations.RunSQL.noop),
        migrations.RunSQL(FORGET, FORGET_BACK),
    ]
