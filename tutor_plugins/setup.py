"""Package the Tutor plugin of lti-1p3-provider."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent


def read_version() -> str:
    """Return the version written in `__about__.py`, without importing Tutor."""
    text = (HERE / "tutor_lti_1p3_provider" / "__about__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if match is None:
        raise RuntimeError("__about__.py has no __version__")
    return match[1]


setup(
    name="tutor-contrib-lti-1p3-provider",
    version=read_version(),
    description="Tutor plugin: make an Open edX site an LTI 1.3 tool",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="AGPL-3.0-or-later",
    packages=["tutor_lti_1p3_provider"],
    package_data={"tutor_lti_1p3_provider": ["py.typed"]},
    python_requires=">=3.9",
    install_requires=["tutor>=20.0.0,<23.0.0"],
    entry_points={"tutor.plugin.v1": ["lti-1p3-provider = tutor_lti_1p3_provider.plugin"]},
    classifiers=[
        "Intended Audience :: System Administrators",
        "Programming Language :: Python :: 3",
    ],
)
