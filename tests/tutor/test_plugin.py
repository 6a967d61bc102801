"""Runs the real `tutor` with the plugin, and reads what it generates and what it hands to docker."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PLUGIN = "lti-1p3-provider"
LMS_SETTINGS = "apps/openedx/settings/lms"
COOKIES = ("SESSION_COOKIE_SAMESITE", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SAMESITE", "CSRF_COOKIE_SECURE")
NASTY = ["--title", 'it\'s "{{ LMS_HOST }}" {% raw %} {# $HOME `id` \\ ; é\nnext }}', "--issuer=https://a.test/", ""]
# Whatever Tutor's processes all do at their beginning is done once: they read its code and compile its templates, which
# takes most of their time.
STARTER = """
import functools, json, os, sys
import Crypto.IO.PKCS8, importlib_metadata, jinja2
from tutor.commands.cli import main
compiled = jinja2.FileSystemBytecodeCache(sys.argv[1])
jinja2.Environment.__init__ = functools.partialmethod(jinja2.Environment.__init__, bytecode_cache=compiled)
importlib_metadata.entry_points(group="tutor.plugin.v1")
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    for number, name in enumerate((os.devnull, order["stdout"], order["stderr"])):
        os.dup2(os.open(name, os.O_RDWR), number)
    os.environ.update(order["environ"])
    os.chdir(order["directory"])
    sys.argv = ["tutor", *order["arguments"]]
    sys.exit(main())
"""
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
RECORDER = """#!{python}
import json, sys
with open({calls!r}, "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
print("[]")
"""


class Starter:
    """Starts `tutor` as often as it is told to: each time a new process, which need not read Tutor's code again."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._said = {name: folder / name for name in ("stdout", "stderr")}
        self._process = subprocess.Popen(
            [sys.executable, "-c", STARTER, str(folder)],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, args: Sequence[str], environ: dict[str, str], directory: Path) -> subprocess.CompletedProcess[str]:
        """Run `tutor args` with more in its environment."""
        assert self._process.stdin
        assert self._process.stdout
        for path in self._said.values():
            path.write_text("")
        places = {name: str(path) for name, path in self._said.items()}
        order = {"arguments": args, "environ": environ, "directory": str(directory), **places}
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        said = {name: path.read_text(encoding="utf-8") for name, path in self._said.items()}
        return subprocess.CompletedProcess(args, status, **said)

    def end(self) -> None:
        """Start no more."""
        self._process.communicate(timeout=60)


@dataclass(frozen=True)
class Tutor:
    """One Tutor root, with the plugin enabled and a `docker` that only writes down its arguments."""

    root: Path
    environ: dict[str, str]
    starter: Starter

    def run(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `tutor args`. Fails the test when `check` and Tutor fails."""
        result = self.starter.run(args, self.environ, self.root.parent)
        assert not check or result.returncode == 0, f"tutor {args}: {result.stdout}{result.stderr}"
        return result

    def save(self, **values: Any) -> None:
        """Set configuration values and render the environment."""
        self.run("config", "save", *[f"--set={name}={json.dumps(value)}" for name, value in values.items()])

    def read(self, path: str) -> str:
        """Return a generated file."""
        return (self.root / "env" / path).read_text(encoding="utf-8")

    def settings(self, path: str) -> dict[str, Any]:
        """Return the names that a generated settings file gives literal values to, with the last value of each."""
        values: dict[str, Any] = {}
        for node in ast.parse(self.read(path)).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                try:
                    values[node.targets[0].id] = ast.literal_eval(node.value)
                except ValueError:
                    values.pop(node.targets[0].id, None)
        return values

    def manifests(self) -> list[dict[str, Any]]:
        """Return all generated Kubernetes manifests."""
        yaml = importlib.import_module("yaml")  # comes with Tutor, so not at the top: without Tutor we skip
        files = sorted((self.root / "env" / "k8s").glob("*.yml"))
        return [item for file in files for item in yaml.safe_load_all(file.read_text(encoding="utf-8")) if item]

    def lms_tasks(self, *args: str) -> list[str]:
        """Run `tutor args`, and return the scripts that it ran in the LMS."""
        calls = self.root.parent / "calls"
        calls.unlink(missing_ok=True)
        self.run(*args)
        argvs = [json.loads(line) for line in calls.read_text(encoding="utf-8").splitlines()]
        return [argv[-1] for argv in argvs if argv[-5:-1] == ["lms-job", "sh", "-e", "-c"]]


def _require(distribution: str) -> None:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        message = f"{distribution} is not installed beside the tests"
        if os.environ.get("LTI_TEST_REQUIRE_ALL") == "1":
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the plugin's wheel and unpack it in a folder of its own."""
    _require("tutor")
    _require("setuptools")
    folder = tmp_path_factory.mktemp("plugin")
    source = folder / "source"
    shutil.copytree(REPOSITORY / "tutor_plugins", source, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Tutor looks for plugins of one file."""
    return tmp_path_factory.mktemp("plugins")


@pytest.fixture(scope="module")
def starter(installed: Path, plugins: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """Tutor, with the plugin installed beside it."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TUTOR_")}
    environ |= {"TUTOR_PLUGINS_ROOT": str(plugins), "PYTHONPATH": str(installed)}
    started = Starter(tmp_path_factory.mktemp("starter"), environ)
    yield started
    started.end()


@pytest.fixture(scope="module")
def make_tutor(starter: Starter, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Tutor]:
    """Return a function that makes a Tutor root with the plugin enabled, which is done once and copied."""
    enabled: list[Path] = []

    def make() -> Tutor:
        base = tmp_path_factory.mktemp("tutor")
        docker = base / "bin" / "docker"
        docker.parent.mkdir()
        docker.write_text(RECORDER.format(python=sys.executable, calls=str(base / "calls")), encoding="utf-8")
        docker.chmod(0o755)
        environ = {"TUTOR_ROOT": str(base / "root"), "PATH": f"{docker.parent}{os.pathsep}{os.environ['PATH']}"}
        tutor = Tutor(base / "root", environ, starter)
        if enabled:
            shutil.copytree(enabled[0], tutor.root)
        else:
            tutor.run("plugins", "enable", PLUGIN)
            enabled.append(shutil.copytree(tutor.root, base / "enabled"))
        return tutor

    return make


@pytest.fixture(scope="module")
def https_site(make_tutor: Callable[[], Tutor]) -> Tutor:
    """A site with https, as an operator gets it who sets nothing else."""
    tutor = make_tutor()
    tutor.save(ENABLE_HTTPS=True)
    return tutor


@pytest.fixture(scope="module")
def http_site(make_tutor: Callable[[], Tutor]) -> Tutor:
    """A site without https."""
    tutor = make_tutor()
    tutor.save(ENABLE_HTTPS=False)
    return tutor


def test_https_cookies_are_sent_in_a_frame(https_site: Tutor) -> None:
    sent = ["None", True, "None", True]
    settings = https_site.settings(f"{LMS_SETTINGS}/production.py")
    assert [settings[name] for name in COOKIES] == sent
    assert settings["ENABLE_LTI_1P3_PROVIDER"] is True
    # Our part alone says all four: it does not lean on what Tutor sets.
    ours: dict[str, Any] = {}
    exec(https_site.run("config", "patches", "show", "openedx-lms-production-settings").stdout, ours)  # noqa: S102
    assert [ours[name] for name in COOKIES] == sent


def test_http_and_dev_cookies_stay_as_tutor_sets_them(http_site: Tutor, https_site: Tutor) -> None:
    # Dev mode is http, whatever ENABLE_HTTPS says.
    for site, file in ((http_site, "production.py"), (http_site, "development.py"), (https_site, "development.py")):
        settings = site.settings(f"{LMS_SETTINGS}/{file}")
        assert [settings.get(name) for name in COOKIES] == ["Lax", False, None, False]
        assert settings["ENABLE_LTI_1P3_PROVIDER"] is True


def test_nothing_is_set_that_nobody_asked_for(https_site: Tutor) -> None:
    settings = https_site.settings(f"{LMS_SETTINGS}/production.py")
    assert [name for name in settings if "LTI" in name] == ["ENABLE_LTI_1P3_PROVIDER"]
    assert "LTI" not in https_site.read("apps/openedx/settings/cms/production.py")


def test_settings_of_the_operator_arrive_as_they_were_given(make_tutor: Callable[[], Tutor]) -> None:
    given = {
        "ENABLE_LTI_1P3_PROVIDER": False,
        "LTI_AGGREGATE_SCORE_PASSBACK_DELAY": 300,
        "LTI_1P3_PROVIDER_TEXT": "a\"b'c\\\n'''\nimport os # é",
        "LTI_1P3_PROVIDER_NESTED": {"a": [1, -2.5, None, True, {"b": "{'c'}"}], "": []},
        "LTI_1P3_PROVIDER_PUBLIC_URL": "https://{{ LMS_HOST }}/",
    }
    tutor = make_tutor()
    tutor.save(LMS_HOST="lms.example.com", LTI_1P3_PROVIDER_SETTINGS=given)
    expected = given | {"LTI_1P3_PROVIDER_PUBLIC_URL": "https://lms.example.com/"}
    for file in ("production.py", "development.py"):
        settings = tutor.settings(f"{LMS_SETTINGS}/{file}")
        assert {name: settings[name] for name in given} == expected


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ('{"SECRET_KEY": "x"}', "'SECRET_KEY' is not a setting"),
        ('{"LTI_1P3_PROVIDER_A = 1\\nimport os": 1}', "is not a setting"),
        ("{LTI_1P3_PROVIDER_A: 2026-01-01}", "the value of LTI_1P3_PROVIDER_A must be"),
        ("{LTI_1P3_PROVIDER_A: [.nan]}", "the value of LTI_1P3_PROVIDER_A must be"),
        ("[LTI_1P3_PROVIDER_A]", "must be a mapping"),
    ],
)
def test_bad_settings_are_refused(make_tutor: Callable[[], Tutor], value: str, complaint: str) -> None:
    result = make_tutor().run("config", "save", f"--set=LTI_1P3_PROVIDER_SETTINGS={value}", check=False)
    assert result.returncode != 0
    assert complaint in result.stdout + result.stderr


def _install_steps(tutor: Tutor) -> list[str]:
    """Return the RUN instructions that install requirements between Tutor's own and the operator's."""
    text = tutor.read("build/openedx/Dockerfile").replace("\\\n", "")
    stage = text.split("AS python-requirements")[1].split("AS nodejs-requirements")[0]
    return [" ".join(line.split()) for line in stage.splitlines() if line.startswith("RUN") and "lti" in line.lower()]


def test_image_installs_this_release(https_site: Tutor) -> None:
    (step,) = _install_steps(https_site)
    (version,) = re.findall(r'^    version="(.+)",$', (REPOSITORY / "setup.py").read_text("utf-8"), re.MULTILINE)
    cache = "--mount=type=cache,target=/openedx/.cache/pip,sharing=shared"
    assert step == f"RUN {cache} ${{PIP_COMMAND:-pip}} install lti-1p3-provider=={version}"
    assert f"RUN {cache}" in https_site.read("build/openedx/Dockerfile").replace(step, "")


@pytest.mark.parametrize(
    ("package", "mount", "installed_as"),
    [
        ("git+https://git.example.com/lti-1p3-provider.git@a;b$c", None, None),
        ("lti-1p3-provider @ https://files.example.com/lti_1p3_provider-1.0-py3-none-any.whl", None, None),
        ("lti_1p3_provider-1.0-py3-none-any.whl", "lti_1p3_provider-1.0-py3-none-any.whl", "/tmp/{}"),  # noqa: S108
    ],
)
def test_image_installs_another_package(
    make_tutor: Callable[[], Tutor], package: str, mount: str | None, installed_as: str | None
) -> None:
    tutor = make_tutor()
    tutor.save(LTI_1P3_PROVIDER_PACKAGE=package)
    (step,) = _install_steps(tutor)
    assert shlex.split(step)[-1] == (installed_as or "{}").format(package)
    assert (f"--mount=type=bind,source={mount},target=/tmp/{mount} " in step) is (mount is not None)


def test_package_must_be_one_line_and_may_be_empty(make_tutor: Callable[[], Tutor]) -> None:
    tutor = make_tutor()
    tutor.save(LTI_1P3_PROVIDER_PACKAGE="")
    assert "${PIP_COMMAND:-pip}" not in tutor.read("build/openedx/Dockerfile")
    two_lines = f"--set=LTI_1P3_PROVIDER_PACKAGE={json.dumps('a' + chr(10) + 'b')}"
    assert "must be one line" in tutor.run("config", "save", two_lines, check=False).stderr


def test_only_a_checkout_of_the_app_is_mounted(make_tutor: Callable[[], Tutor]) -> None:
    tutor = make_tutor()
    for name in ("lti-1p3-provider", "lti-1p3-provider-notes"):
        folder = tutor.root.parent / name
        folder.mkdir()
        tutor.run("mounts", "add", str(folder))
    tutor.save()
    dockerfile = tutor.read("build/openedx/Dockerfile")
    assert dockerfile.count('install -e "/mnt/lti-1p3-provider"') == 2  # production and development
    assert "/mnt/lti-1p3-provider-notes" not in dockerfile
    assert "/lti-1p3-provider:/mnt/lti-1p3-provider" in tutor.read("local/docker-compose.yml")


def test_cron_job_runs_in_the_environment_of_tutors_own_lms_job(https_site: Tutor) -> None:
    manifests = https_site.manifests()
    (cron,) = [item for item in manifests if item["kind"] == "CronJob"]
    (job,) = [item for item in manifests if item["metadata"]["name"] == "lms-job"]
    pod, lms = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"], job["spec"]["template"]["spec"]
    container = dict(pod["containers"][0])
    assert container.pop("args") == ["./manage.py", "lms", "lti_1p3_deliver_scores"]
    assert container == lms["containers"][0]
    assert (pod["volumes"], pod["restartPolicy"]) == (lms["volumes"], lms["restartPolicy"])
    assert (cron["spec"]["schedule"], cron["spec"]["concurrencyPolicy"]) == ("*/10 * * * *", "Forbid")
    # `tutor k8s start` leaves out components "job" and "namespace"; Tutor 20 rewrites jobs.yml without CronJobs.
    assert cron["metadata"]["labels"]["app.kubernetes.io/component"] == "cronjob"
    assert "CronJob" not in https_site.read("k8s/jobs.yml")


def test_cron_job_follows_the_schedule(make_tutor: Callable[[], Tutor]) -> None:
    tutor = make_tutor()
    tutor.save(LTI_1P3_PROVIDER_DELIVERY_SCHEDULE="@hourly")
    assert [item["spec"]["schedule"] for item in tutor.manifests() if item["kind"] == "CronJob"] == ["@hourly"]
    tutor.save(LTI_1P3_PROVIDER_DELIVERY_SCHEDULE="")
    manifests = tutor.manifests()
    assert manifests
    assert not [item for item in manifests if item["kind"] == "CronJob"]


def test_no_worker_of_its_own_unless_somebody_wants_one(https_site: Tutor) -> None:
    assert "lti-worker" not in https_site.read("local/docker-compose.prod.yml")
    assert not [item for item in https_site.manifests() if item["metadata"]["name"] == "lms-lti-worker"]
    assert "CELERY_QUEUE" not in https_site.read(f"{LMS_SETTINGS}/production.py")


@pytest.mark.parametrize(("settings", "queue"), [({}, "lti"), ({"LTI_1P3_PROVIDER_CELERY_QUEUE": "mine"}, "mine")])
def test_a_worker_of_its_own_is_like_the_lms_worker_but_for_its_queue(
    make_tutor: Callable[[], Tutor], settings: dict[str, str], queue: str
) -> None:
    tutor = make_tutor()
    tutor.save(LTI_1P3_PROVIDER_WORKER_PROCESSES=2, LTI_1P3_PROVIDER_SETTINGS=settings)
    deployments = {item["metadata"]["name"]: item for item in tutor.manifests() if item["kind"] == "Deployment"}
    pods = [deployments[name]["spec"]["template"]["spec"] for name in ("lms-lti-worker", "lms-worker")]
    (ours,), (theirs,) = (pod.pop("containers") for pod in pods)
    assert pods[0] == pods[1]
    assert {f"--queues={queue}", "--concurrency=2", "--app=lms.celery"} <= set(ours.pop("args"))
    del theirs["args"], ours["name"], theirs["name"]
    assert ours == theirs
    yaml = importlib.import_module("yaml")
    services = yaml.safe_load(tutor.read("local/docker-compose.prod.yml"))["services"]
    assert services["lms-lti-worker"]["environment"] == services["lms-worker"]["environment"]
    assert f"--queues={queue}" in services["lms-lti-worker"]["command"]
    mounts = [
        {str(one).split(":")[1] for one in services[name]["volumes"]} for name in ("lms-lti-worker", "lms-worker")
    ]
    assert mounts[0] == mounts[1]


def test_init_creates_a_key_after_the_migrations(https_site: Tutor) -> None:
    create = "./manage.py lms lti_1p3_keys create --if-missing"
    assert https_site.lms_tasks("local", "do", "init", f"--limit={PLUGIN}") == [create]
    tasks = https_site.lms_tasks("local", "do", "init")
    (migrate,) = [place for place, task in enumerate(tasks) if "./manage.py lms migrate" in task]
    assert tasks.index(create) > migrate


@pytest.mark.parametrize(
    ("job", "command", "args"),
    [
        ("lti-1p3-register", "lti_1p3_register", NASTY),
        ("lti-1p3-keys", "lti_1p3_keys", ["create", "--if-missing", "-v2"]),
        ("lti-1p3-doctor", "lti_1p3_doctor", ["--registration", "Riverside Moodle", "--json"]),
        ("lti-1p3-scores", "lti_1p3_scores", ["resend", "--course", "course-v1:A+B+C"]),
    ],
)
def test_commands_hand_their_arguments_over(
    https_site: Tutor, tmp_path: Path, job: str, command: str, args: list[str]
) -> None:
    (script,) = https_site.lms_tasks("local", "do", job, *args)
    calls = tmp_path / "calls"
    manage = tmp_path / "manage.py"
    manage.write_text(RECORDER.format(python=sys.executable, calls=str(calls)), encoding="utf-8")
    manage.chmod(0o755)
    subprocess.run(["sh", "-e", "-c", script], cwd=tmp_path, check=True)
    assert json.loads(calls.read_text(encoding="utf-8")) == ["lms", command, *args]


def test_commands_have_help(https_site: Tutor) -> None:
    text = https_site.run("local", "do", "lti-1p3-register", "--help").stdout
    app = REPOSITORY / "src/lti_1p3_provider/management/commands/lti_1p3_register.py"
    options = re.findall(r'add_argument\("(--[a-z-]+)"', app.read_text(encoding="utf-8"))
    assert options
    assert [option for option in options if f" {option} " not in text] == []
    assert "create --if-missing" in https_site.run("dev", "do", "lti-1p3-keys", "--help").stdout
    assert "lti-1p3-register" in https_site.run("k8s", "do", "--help").stdout
    (script,) = https_site.lms_tasks("local", "do", "lti-1p3-register", "--", "--help")
    assert script == "./manage.py lms lti_1p3_register --help"


def test_crontab_line_of_the_readme_runs_without_a_terminal(https_site: Tutor) -> None:
    readme = (REPOSITORY / "tutor_plugins" / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^\*/10 \* \* \* \* tutor (local .*)$", readme, re.MULTILINE)
    https_site.run(*line.split())
    (argv,) = (https_site.root.parent / "calls").read_text(encoding="utf-8").splitlines()[-1:]
    assert json.loads(argv)[-6:] == ["exec", "-T", "lms", "./manage.py", "lms", "lti_1p3_deliver_scores"]


@pytest.mark.parametrize(("name", "warned"), [("enable_lti_1p3_provider", True), ("something_else", False)])
def test_another_lti_plugins_tutor_plugin_beside_ours_is_told_of(
    make_tutor: Callable[[], Tutor], plugins: Path, name: str, warned: bool
) -> None:
    tutor = make_tutor()
    (plugins / f"{name}.py").write_text("")
    tutor.run("plugins", "enable", name)
    said = tutor.run("config", "printroot")
    assert ("tutor plugins disable enable_lti_1p3_provider" in said.stdout + said.stderr) is warned
