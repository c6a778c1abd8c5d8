"""Which version of the page's evidence a judgment was given on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("judgments", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="judgment",
            name="evidence",
            field=models.PositiveSmallIntegerField(
                help_text="Version of the page's evidence that was judged; null where that is not known.",
                null=True,
            ),
        ),
    ]
