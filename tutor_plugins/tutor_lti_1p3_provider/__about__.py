"""The version of the plugin. The app and its plugin are released together, under one version."""

__version__ = "0.1.0"
