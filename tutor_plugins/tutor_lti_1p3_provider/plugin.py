"""The plugin Tutor loads. Every hook is registered here, and only here: Tutor reloads just this module."""

from __future__ import annotations

from tutor import hooks

from tutor_lti_1p3_provider import commands, filters, neighbours, patches
from tutor_lti_1p3_provider.__about__ import __version__

hooks.Filters.CONFIG_DEFAULTS.add_items(
    [
        # What pip installs in the openedx image. Empty: nothing.
        ("LTI_1P3_PROVIDER_PACKAGE", f"lti-1p3-provider=={__version__}"),
        # Django settings of the app, by name.
        ("LTI_1P3_PROVIDER_SETTINGS", {}),
        # Processes of a worker that does nothing but our tasks. 0: the LMS's own workers do them.
        ("LTI_1P3_PROVIDER_WORKER_PROCESSES", 0),
        # Kubernetes only, cron syntax. Empty: no CronJob.
        ("LTI_1P3_PROVIDER_DELIVERY_SCHEDULE", "*/10 * * * *"),
    ]
)

hooks.Filters.ENV_TEMPLATE_FILTERS.add_items(
    [
        ("lti_1p3_provider_settings", filters.python_settings),
        ("lti_1p3_provider_shell_word", filters.shell_word),
    ]
)

hooks.Filters.ENV_PATCHES.add_items(patches.PATCHES)

# Tutor matches from the start of the name only: without "$", names that begin alike would be mounted too.
hooks.Filters.MOUNTED_DIRECTORIES.add_item(("openedx", "lti-1p3-provider$"))

# Tutor's own task for the LMS comes first and runs all migrations, ours included.
hooks.Filters.CLI_DO_INIT_TASKS.add_item(("lms", commands.manage(commands.KEYS_COMMAND, "create", "--if-missing")))

hooks.Actions.PLUGINS_LOADED.add()(neighbours.warn)

hooks.Filters.CLI_DO_COMMANDS.add_items([commands.register, commands.keys, commands.doctor, commands.scores])
