"""No foreign key constraints where InnoDB would lock a lane for as long as a learner's request takes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('lti_1p3_provider', '0006_enrolment_mode'),
    ]

    operations = [
        migrations.AlterField(
            model_name='pendingscore',
            name='lane',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='lti_1p3_provider.lane'),
        ),
        migrations.AlterField(
            model_name='pendingscore',
            name='registration',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='lti_1p3_provider.registration'),
        ),
    ]
