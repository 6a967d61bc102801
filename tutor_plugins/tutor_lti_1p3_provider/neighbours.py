"""Other Tutor plugins that cannot be enabled together with this one."""

from __future__ import annotations

from tutor import fmt, hooks

# The Tutor plugin of another LTI 1.3 plugin with the same Python package, app label and addresses.
OTHERS = frozenset({"enable_lti_1p3_provider"})


def warn() -> None:
    """Say what to do if another one is enabled. Tutor calls this once all plugins are loaded."""
    for name in sorted(OTHERS & set(hooks.Filters.PLUGINS_LOADED.iterate())):
        fmt.echo_alert(
            f"The plugin {name} installs another LTI 1.3 plugin under the same name: with both, nobody can sign in. "
            f"Disable it (tutor plugins disable {name}), and read docs/how-to/move-in.md to take over its platforms."
        )
