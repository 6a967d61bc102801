"""Invitations of platforms to register this site by themselves, and what they granted."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('lti_1p3_provider', '0019_outline_search'),
    ]

    operations = [
        migrations.AddField(
            model_name='registration',
            name='approve_next_deployment',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name='registration',
            name='granted_scopes',
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text="What its people call the platform, for example 'Riverside Moodle': learners see it beside their score.", max_length=255)),
                ('token_digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('host', models.CharField(blank=True, help_text='For example moodle.school.edu: no other platform can use the invitation. Empty: any can.', max_length=255, verbose_name="platform's host name")),
                ('org', models.CharField(blank=True, db_index=True, default='', editable=False, max_length=255)),
                ('allowed_courses', models.JSONField(blank=True, default=list, help_text='List of course keys: ["course-v1:Org+Course+Run"].', verbose_name='allowed courses')),
                ('allowed_orgs', models.JSONField(blank=True, default=list, help_text='List of organizations: ["Org"].', verbose_name='allowed organizations')),
                ('allowed_keys', models.JSONField(blank=True, default=list, help_text='List of usage keys: any block named here opens.', verbose_name='allowed blocks')),
                ('block_filter', models.JSONField(blank=True, default=dict, help_text='Which block types open: {"courses": {"course-v1:Org+Course+Run": ["problem"]}, "orgs": {"Org": ["vertical"]}, "all": ["problem", "vertical"]}. The course\'s list decides, else the organization\'s, else the list for all. Empty: every type.', verbose_name='block types')),
                ('trust_emails', models.BooleanField(default=False, help_text="Only if the platform makes sure that an address belongs to its person: the LMS believes an account's address, and single sign-on joins accounts by it. Off: accounts get a placeholder address.", verbose_name='trust its email addresses')),
                ('enrolment_mode', models.CharField(blank=True, help_text='A mode of your site, like audit or honor: whoever launches is enrolled in the Open edX course. Needed for launches of whole courses, for gated and timed sections, and for progress. Empty: nobody is enrolled.', max_length=32, verbose_name='enrol in the course as')),
                ('subsection_columns', models.BooleanField(default=False, help_text="For launches of whole courses: besides the course's grade, each graded subsection has a column. Only if the platform lets this tool make columns.", verbose_name='a gradebook column for each graded subsection')),
                ('confine_sessions', models.BooleanField(default=True, help_text='Off: whoever launches can use the whole site with their account; the gate limits launches only.', verbose_name='confine its people to what they launched')),
                ('status', models.CharField(choices=[('open', 'not used yet'), ('unknown', "used; the platform's answer is not known"), ('registered', 'used; the platform is registered'), ('refused', 'used; the platform refused'), ('revoked', 'revoked')], default='open', editable=False, max_length=16)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField(db_index=True, editable=False)),
                ('sent_at', models.DateTimeField(editable=False, null=True)),
                ('sent_to', models.CharField(blank=True, default='', editable=False, max_length=255)),
                ('outcome', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('support_code', models.CharField(blank=True, default='', editable=False, max_length=9)),
                ('registration', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='lti_1p3_provider.registration')),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='OpenedConfiguration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address_digest', models.CharField(max_length=64)),
                ('content', models.TextField(blank=True, default='')),
                ('opened_at', models.DateTimeField()),
                ('invitation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='lti_1p3_provider.invitation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('invitation', 'address_digest'), name='lti1p3_configuration_once')],
            },
        ),
    ]
