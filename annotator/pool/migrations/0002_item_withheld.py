from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pool", "0001_initial"), ("projects", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="item",
            index=models.Index(
                condition=models.Q(withheld=True), fields=["project", "id"], name="item_withheld"
            ),
        ),
    ]
