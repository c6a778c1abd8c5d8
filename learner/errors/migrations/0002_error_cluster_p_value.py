from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("errors", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="errorcluster",
            name="p_value",
            field=models.FloatField(
                help_text="Of the exact test that it is chance, corrected; none of groups that were not tested.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="errorcluster",
            name="correct",
            field=models.PositiveIntegerField(
                help_text="Pages of the site that could be such errors and are right; rightly found pages with the word."
            ),
        ),
    ]
