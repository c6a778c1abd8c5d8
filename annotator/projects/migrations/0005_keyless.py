from django.db import migrations, models


class Migration(migrations.Migration):
    """Categories beyond the keys have none: the key is unique where there is one."""

    dependencies = [("projects", "0004_checks")]

    operations = [
        migrations.RemoveConstraint("category", "category_key_once"),
        migrations.AlterField(
            "category",
            "key",
            models.CharField(blank=True, help_text="Empty for what comes after the last key.", max_length=1),
        ),
        migrations.AddConstraint(
            "category",
            models.UniqueConstraint(
                name="category_key_once", fields=["taxonomy", "key"], condition=~models.Q(key="")
            ),
        ),
    ]
