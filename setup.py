"""Packaging of lti-1p3-provider: what a site installs is ``src/lti_1p3_provider``, and nothing else."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def requirements(name: str) -> list[str]:
    """Return the requirement lines of ``requirements/<name>.in``."""
    lines = (HERE / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return [line.split(" #")[0].strip() for line in lines if line.strip() and not line.startswith(("#", "-"))]


setup(
    name="lti-1p3-provider",
    version="0.1.0",
    description="Makes an Open edX LMS an LTI 1.3 Advantage tool: launches, scores, gates and keys",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="AGPL-3.0-or-later",
    python_requires=">=3.11",
    package_dir={"": "src"},
    packages=find_packages("src"),
    include_package_data=True,
    package_data={"lti_1p3_provider": ["templates/**/*.html", "static/**/*", "py.typed"]},
    install_requires=requirements("base"),
    extras_require={"pylti1p3": requirements("pylti1p3")},
    entry_points={
        "lms.djangoapp": ["lti_1p3_provider = lti_1p3_provider.apps:Lti1p3ProviderConfig"],
    },
    classifiers=[
        "Framework :: Django :: 4.2",
        "Framework :: Django :: 5.2",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
    ],
)
