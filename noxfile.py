# Copyright (c) otc.evs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make` runs, one session a stage; `.venv/bin/nox --list` names them.

Everything that is made along the way lies in .dev and .nox.
"""

from __future__ import annotations

import ast
import datetime
import os
import shutil
import subprocess
import sys
from pathlib import Path
from subprocess import DEVNULL

import nox

ROOT = Path(__file__).parent
DEV = ROOT / ".dev"
REQUIREMENTS = ROOT / "tests" / "requirements"

THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# 3.10 runs the oldest ansible-core that the collection supports, the last ones the newest.
PYTHONS = sorted({"3.10", "3.12", "3.13", "3.14", THIS_PYTHON}, key=lambda name: int(name[2:]))

UV = str(Path(sys.executable).with_name("uv"))
# How uv calls what pip is configured with; uv does not read that by itself.
OF_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
    "cert": "SSL_CERT_FILE",
}
# With which Pythons each ansible-core is tried: the oldest and the newest that it runs on, of those tried here.
CORES = {
    "2.16": ["3.10", "3.12"],
    "2.17": ["3.10", "3.12"],
    "2.18": ["3.11", "3.13"],
    "2.19": ["3.11", "3.13"],
    "2.20": ["3.12", "3.13"],
    "2.21": ["3.12", "3.13"],
    "2.22": ["3.13"],
    "devel": ["3.14"],
}
# What shows, on an ansible-core, that modules, plugins, role and playbooks work with it.
CORE_TESTS = ("tests/integration/test_examples.py", "tests/integration/test_shown.py", "tests/unit/test_action.py")

# What of ansible-test sanity has its own tool, whose newer release the newest ansible-core brings along.
STYLE = ("changelog", "pep8", "pylint", "yamllint")

# What ansible-core 2.16 and 2.17, 2.18 and 2.19, 2.20 and later install pip from.
ANSIBLE_TEST_PIPS = ("23_1_2", "24_2", "25_2")

# How much a nightly run tries.
MANY = {
    "OTC_EVS_WHOLE": "1",
    "OTC_EVS_FAULT_CASES": "500",
    "OTC_EVS_SEQUENCES": "1000",
    "OTC_EVS_EXAMPLES": "200",
}

os.environ["ANSIBLE_HOME"] = str(DEV / "ansible")
# Images for containers set it. Hundreds of short runs of ansible-playbook would each compile what they import.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# For nox, and for the tests, which make an environment too.
os.environ["UV"] = UV
nox.options.default_venv_backend = "uv"
nox.options.download_python = "never"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False


def put_pyenv_on_path() -> None:
    """Find every Python of pyenv: what it puts on PATH answers for the selected version only."""
    if not shutil.which("pyenv"):
        return
    root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout
    found = sorted(str(path) for path in Path(root.strip()).glob("versions/3.*/bin"))
    os.environ["PATH"] = os.pathsep.join([*found, os.environ["PATH"]])


def answers(python: str) -> bool:
    """Whether that Python is on this machine."""
    command = shutil.which(f"python{python}")
    return command is not None and not subprocess.call([command, "-c", ""], stderr=DEVNULL)


def hand_on_settings_of_pip() -> None:
    """Let uv find packages where pip does, which this machine is set up for."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings = [line.partition("=") for line in listed.stdout.splitlines()]
    # Each name begins with its section; the environment, which comes first here, wins over files.
    for section in (":env:", "install", "global"):
        for name, dummy, value in settings:
            if variable := OF_PIP.get(name.removeprefix(f"{section}.")):
                many = "," if variable == "UV_FIND_LINKS" else " "
                os.environ.setdefault(variable, many.join(ast.literal_eval(value).split()))
    # Of several indexes pip takes the best; whatever it is, it has to have a pinned hash.
    os.environ.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")


put_pyenv_on_path()
hand_on_settings_of_pip()
NEWEST_PYTHON = [name for name in PYTHONS if name == THIS_PYTHON or answers(name)][-1]


def install(session: nox.Session, name: str) -> None:
    """Install one of the pinned sets."""
    session.install("--require-hashes", "-r", str(REQUIREMENTS / f"{name}.txt"))


def install_only(session: nox.Session, *names: str) -> None:
    """Install a few packages in the versions that the tests have them in, which their hashes are compared with."""
    session.install("-c", str(REQUIREMENTS / "test.txt"), *names)


def run_pytest(session: nox.Session, *arguments: str, env: dict[str, str] | None = None) -> None:
    """Run tests with a directory for temporary files that is theirs, and goes with all that killed processes left."""
    temporary = DEV / session.name / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        session.run("pytest", *arguments, env={**(env or {}), "TMPDIR": str(temporary)})
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def copy_of_collection(session: nox.Session) -> Path:
    """Copy what git knows, or would add, to where Ansible's tools take a collection from.

    A copy, because ansible-test refuses a symbolic link; with a repository of its own, because
    else ansible-test finds that this one ignores .dev, and checks nothing.
    """
    copy = DEV / session.name / "copy" / "ansible_collections" / "otc" / "evs"
    shutil.rmtree(copy, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    subprocess.run(["git", "init", "--quiet", str(copy)], check=True)
    return copy


def build(session: nox.Session) -> Path:
    """Build the collection as Galaxy gets it, and return the archive."""
    output = DEV / session.name / "dist"
    shutil.rmtree(output, ignore_errors=True)
    copy = str(copy_of_collection(session))
    session.run("ansible-galaxy", "collection", "build", copy, "--output-path", str(output), silent=True)
    return next(output.glob("*.tar.gz"))


def install_collection(session: nox.Session) -> dict[str, str]:
    """Install the built collection as a user would; return the environment that finds it."""
    target = DEV / session.name / "collections"
    shutil.rmtree(target, ignore_errors=True)
    env = {"ANSIBLE_COLLECTIONS_PATH": str(target)}
    archive = str(build(session))
    session.run("ansible-galaxy", "collection", "install", "--offline", archive, env=env, silent=True)
    return env


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types, licences, changelog and documentation."""
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("yamllint", "--strict", ".")
    session.run("reuse", "lint", "--lines")
    session.run("antsibull-changelog", "lint")
    session.run("antsibull-changelog", "lint-changelog-yaml", "--strict", "changelogs/changelog.yaml")
    workflows(session)
    session.run(
        *("antsibull-docs", "lint-collection-docs", "--plugin-docs"),
        *("--validate-collection-refs=all", "--check-extra-docs-refs", "."),
    )
    collections = str(copy_of_collection(session).parents[2])
    environments(session, collections)
    session.run("mypy", env={"MYPYPATH": collections})
    session.run("ansible-lint", "--offline", "--strict", env={"ANSIBLE_COLLECTIONS_PATH": collections})


def workflows(session: nox.Session) -> None:
    """Check what GitHub reads, without asking it."""
    session.run("zizmor", "--offline", "--quiet", ".github")
    forms = [str(path) for path in Path(".github/ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"]
    for schema, files in (
        ("github-workflows", [str(path) for path in Path(".github/workflows").glob("*.yml")]),
        ("github-workflows", ["docs/examples/ci/github.yml"]),
        ("gitlab-ci", ["docs/examples/ci/gitlab-ci.yml"]),
        ("dependabot", [".github/dependabot.yml"]),
        ("github-issue-forms", forms),
        ("github-issue-config", [".github/ISSUE_TEMPLATE/config.yml"]),
    ):
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


def environments(session: nox.Session, collections: str) -> None:
    """Check that ansible-builder takes the collection, and with ansible-navigator the files of docs/examples/awx."""
    made = DEV / session.name / "environment"
    definition = "docs/examples/awx/execution-environment.yml"
    session.run("ansible-builder", "create", "--file", definition, "--context", str(made), silent=True)
    needed = session.run("ansible-builder", "introspect", "--sanitize", collections, silent=True)
    if "keystoneauth1" not in str(needed):
        session.error(f"ansible-builder does not find what the modules import, but: {needed}")
    schema = made / "navigator.json"
    log = ("--log-file", str(made / "navigator.log"))
    with schema.open("w", encoding="utf-8") as file:
        shown = ("ansible-navigator", "settings", "--schema", "json", "--mode", "stdout", "--ee", "false", *log)
        session.run(*shown, stdout=file)
    session.run("check-jsonschema", "--schemafile", str(schema), "docs/examples/awx/ansible-navigator.yml")


@nox.session
def docs(session: nox.Session) -> None:
    """Make the docs site in .dev/docs/site; a warning is an error. `-- linkcheck` asks other hosts for their pages."""
    install(session, "docs")
    copy = copy_of_collection(session)
    source, site = copy / "docs", DEV / session.name / "site"
    # ansible-doc finds no role of a collection that lies in another one.
    collections = (ROOT if ROOT.parts[-3:] == copy.parts[-3:] else copy).parents[2]
    shutil.rmtree(site, ignore_errors=True)
    # antsibull-docs writes only where nobody else may.
    (source / "reference").mkdir(mode=0o700)
    session.run(
        *("antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error"),
        *("--dest-dir", str(source / "reference"), "otc.evs"),
        env={"ANSIBLE_COLLECTIONS_PATH": str(collections)},
    )
    builder, *arguments = session.posargs or ("html",)
    # So many processes, and none of what an earlier run left: a page that is not read again warns of nothing.
    session.run(
        *("sphinx-build", "--quiet", "--jobs", "2", "--fresh-env", "--fail-on-warning", "--builder", builder),
        *("--conf-dir", str(source / "docsite"), "--doctree-dir", str(site.parent / "doctrees"), *arguments),
        *(str(source), str(site)),
    )
    session.log(f"The start page: {site / 'index.html'}")


@nox.session(name="docs-look", default=False)
def docs_look(session: nox.Session) -> None:
    """Look at what `docs` has made with the chromium of the machine, and make the picture of a report anew."""
    install(session, "look")
    env = with_import_path(install_collection(session))
    session.run("python", "-m", "tests.look", str(DEV / "docs" / "site"), env=env)


@nox.session(python=sorted({PYTHONS[0], NEWEST_PYTHON}, key=PYTHONS.index))
def sanity(session: nox.Session) -> None:
    """Run ansible-test sanity on the oldest and the newest ansible-core; the newest tries all Pythons."""
    install_only(session, "ansible-core")
    copy = copy_of_collection(session)
    arguments: list[str] = []
    if not os.environ.get("OTC_EVS_WHOLE"):
        # Three quarters of the code, which lint looks at by day, and which is never on a user's machine.
        leave_out_tests(copy)
        if session.python != NEWEST_PYTHON:
            arguments = ["--python", str(session.python), *(word for name in STYLE for word in ("--skip-test", name))]
    session.chdir(copy)
    session.run("ansible-test", "sanity", "--color=no", *arguments, env={"HOME": home()})


def leave_out_tests(copy: Path) -> None:
    """Leave only what ansible-test reads itself."""
    for path in (copy / "tests").iterdir():
        if path.is_dir() and path.name != "sanity":
            shutil.rmtree(path)
    (copy / "tests" / "conftest.py").unlink()


def home() -> str:
    """Make a home for ansible-test, whose cache is always there, and lay its pip ready.

    ansible-test downloads a script that installs pip, from a host that not every network reaches,
    unless its cache has it under the name for the pip that it wants.
    """
    cache = DEV / "home" / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in ANSIBLE_TEST_PIPS:
        shutil.copy2(ROOT / "tests" / "support" / "get_pip.py", cache / f"get_pip_{version}.py")
    return str(DEV / "home")


@nox.session
def importer(session: nox.Session) -> None:
    """Build the collection and check it as Galaxy does at an import."""
    install(session, "importer")
    archive = str(build(session))
    session.chdir(DEV / session.name)
    session.run("python", "-m", "galaxy_importer.main", archive)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run tests, or those named behind `--`; the slower layers not on every Python."""
    install(session, "test")
    env = install_collection(session)
    everything = ("--numprocesses=2", "--dist=worksteal", *layers(str(session.python)))
    run_pytest(session, *(session.posargs or everything), env=env)


def layers(python: str) -> list[str]:
    """Which tests a Python has to pass; what takes longest comes first, so that both processes end together.

    The emulator and the clients of others are no part of the collection: that they work on one Python is enough.
    """
    if python == THIS_PYTHON:
        return ["tests/faults", "tests/integration", "tests/contract", "tests/unit"]
    paths = ["tests/unit", "--ignore=tests/unit/emulator"]
    if python in (PYTHONS[0], NEWEST_PYTHON):
        # What Ansible shows, and takes of a module, is not the same in all its releases.
        paths = ["tests/integration/test_shown.py", *paths]
    ours = ["tests/contract", "--ignore=tests/contract/test_foreign_clients.py"]
    return [*ours, *paths] if python == NEWEST_PYTHON else paths


@nox.session(default=False)
@nox.parametrize(
    "python,core",
    [nox.param(python, core, id=f"{core}-{python}") for core, pythons in CORES.items() for python in pythons],
)
def cores(session: nox.Session, core: str) -> None:
    """Try an ansible-core: its newest release, or the branch devel; with tests behind `--`, these alone."""
    install(session, "test")
    # Not pinned, because users get these; a release candidate stands in for what is not out yet.
    devel = "https://github.com/ansible/ansible/archive/devel.tar.gz"
    session.install("--upgrade", devel if core == "devel" else f"ansible-core~={core}.0rc1")
    session.run("ansible", "--version")
    run_pytest(session, *(session.posargs or CORE_TESTS), env=install_collection(session))
    if not session.posargs:
        copy = copy_of_collection(session)
        leave_out_tests(copy)
        session.chdir(copy)
        session.run("ansible-test", "sanity", "--color=no", env={"HOME": home()})


@nox.session(python=THIS_PYTHON, default=False)
def nightly(session: nox.Session) -> None:
    """Try all of what `tests` tries a sample of, and other random cases each day; molecule, sanity, clients whole."""
    install(session, "test")
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d")
    env = {**MANY, "OTC_EVS_SEED": today}
    env |= {name: os.environ[name] for name in env if name in os.environ}
    session.log("The same again: " + " ".join(f"{name}={value}" for name, value in env.items()) + " make nightly")
    os.environ.update(env)
    collection = install_collection(session)
    everything = ("--numprocesses=2", "--dist=worksteal", "tests/faults", "tests/integration")
    run_pytest(session, *(session.posargs or everything), env=collection)
    if not session.posargs:
        session.notify("molecule", ["test", "--all"])
        session.notify(f"sanity-{PYTHONS[0]}")
        session.notify(f"sanity-{NEWEST_PYTHON}")
        session.notify("clients")


@nox.session(python=THIS_PYTHON, default=False)
def nova(session: nox.Session) -> None:
    """Attach and detach disks on a real Nova; its environment takes minutes to make and 600 MB."""
    install(session, "test")
    run_pytest(session, *(session.posargs or ("tests/nova",)), env=install_collection(session))


@nox.session(default=False)
def molecule(session: nox.Session) -> None:
    """Run the first scenario of extensions/molecule, or molecule with the arguments behind `--`.

    By day tests/integration does the same: the scenarios are for users, and tried by night.
    """
    install(session, "molecule")
    # At the root of a collection that lies where Ansible looks for it, molecule finds its configuration.
    copy = copy_of_collection(session)
    session.chdir(copy)
    session.run(
        *("molecule", *(session.posargs or ("test",))),
        env={"ANSIBLE_COLLECTIONS_PATH": str(copy.parents[2])},
    )


@nox.session(default=False)
def clients(session: nox.Session) -> None:
    """Let clients that are too large for every run talk to the emulator: the vendor's SDKs, and Tempest."""
    install(session, "clients")
    run_pytest(session, *(session.posargs or ("tests/clients",)))


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Rehearse a release, of the version behind `--` if one is given: check, build, install and use."""
    install_only(session, "aiohttp", "ansible-core", "keystoneauth1", "openstacksdk", "PyYAML", "requests")
    session.run("python", "-m", "tests.release", *session.posargs)
    env = install_collection(session)
    session.run("ansible-galaxy", "collection", "list", "otc.evs", env=env)
    session.run("python", "-m", "tests.demo", env=env)
    session.log(f"To be published: {next((DEV / session.name / 'dist').glob('*.tar.gz'))}")


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Move disks between two tenants of the emulator; with `-- picture` draw docs/demo.svg of what it shows."""
    install_only(session, "aiohttp", "ansible-core", "keystoneauth1", "openstacksdk", "requests", "rich")
    env = {"ANSIBLE_COLLECTIONS_PATH": str(copy_of_collection(session).parents[2])}
    if session.posargs != ["picture"]:
        session.run("python", "-m", "tests.demo", *session.posargs, env=env)
        return
    shown = DEV / session.name / "shown.txt"
    shown.write_text(str(session.run("python", "-m", "tests.demo", env=env, silent=True)), encoding="utf-8")
    session.run("python", "-m", "tests.demo.picture", str(shown), str(ROOT / "docs" / "demo.svg"))


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Time the collection beside its floor and its peers; the results come into .dev/bench."""
    install(session, "test")
    install(session, "bench")
    session.run("python", "-m", "tests.benchmarks", *session.posargs, env=with_import_path(install_collection(session)))


def with_import_path(env: dict[str, str]) -> dict[str, str]:
    """Let Python find the collection too, as pytest does by itself."""
    return {**env, "PYTHONPATH": env["ANSIBLE_COLLECTIONS_PATH"]}


@nox.session(default=False)
def pins(session: nox.Session) -> None:
    """Write tests/requirements/*.txt anew from *.in, with the newest releases."""
    session.chdir(REQUIREMENTS)
    # Lint and molecule come after test, and docs after lint, because they take over what that has.
    oldest = {
        "nox": "3.11",
        "test": "3.10",
        **dict.fromkeys(("lint", "molecule", "importer", "bench", "clients", "docs", "look"), "3.11"),
    }
    for name, python in oldest.items():
        session.run(
            *(UV, "pip", "compile", "--quiet", "--upgrade", "--universal", "--no-annotate"),
            *("--no-emit-index-url", "--generate-hashes", "--python-version", python),
            *(f"{name}.in", "--output-file", f"{name}.txt"),
            env={"UV_CUSTOM_COMPILE_COMMAND": "make pins"},
            external=True,
        )
