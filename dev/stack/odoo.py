"""Odoo 19 itself: the one that is already there, or Debian's package unpacked into the cache."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from .console import StackError, step
from .paths import LOGS, MODULE, STATE, cache_dir, digest, locked
from .process import run

SERIES = "19.0"
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Debian replaces libraries and fonts in Odoo's static files by links to files of these packages.
# Font Awesome comes from bookworm: the 4.7 whose file names Odoo uses.
DEBS = (
    "odoo-19",
    "fonts-font-awesome/bookworm",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
# Debian leaves this file out; without it each asset bundle logs an error and browser tours fail.
STUB = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
STUB_TEXT = "window.SelfieSegmentation = undefined;\n"


@dataclass(frozen=True)
class Odoo:
    """An Odoo 19: the folder for PYTHONPATH, its version, and where it comes from."""

    path: Path
    version: str
    origin: str


def ensure():
    """Return the Odoo 19 to use; the first of `ODOO_HOME`, an importable one, the cache."""
    with step("Odoo 19") as current:
        odoo = _from_home() or _importable() or _cached()
        current.note = f"{odoo.version}, {odoo.origin}"
    return odoo


def write_config(data_dir=STATE / "data"):
    """Write the configuration file that every start of Odoo is given, and return its path.

    It keeps the file in the user's home, which Odoo reads otherwise, out of the play.
    """
    config = STATE / "odoo.conf"
    config.write_text(
        "[options]\n"
        f"addons_path = {STATE / 'addons'}\n"
        f"data_dir = {data_dir}\n"
        "http_interface = 127.0.0.1\n"
        "list_db = False\n"
    )
    return config


def _version(path):
    """Return the version of the Odoo whose package is in the folder `path`, None when none is."""
    release = path / "odoo" / "release.py"
    if not release.is_file():
        return None
    match = re.search(r"^version_info = \((\d+), (\d+)", release.read_text(), re.M)
    return match and f"{match[1]}.{match[2]}"


def _from_home():
    home = os.environ.get("ODOO_HOME")
    if not home:
        return None
    home = Path(home).expanduser().absolute()
    for path in (home, home / "usr/lib/python3/dist-packages"):
        if _version(path) == SERIES:
            return Odoo(_alone(path), SERIES, f"ODOO_HOME={home}")
    raise StackError(
        f"ODOO_HOME is {home}, and there is no Odoo {SERIES} in it.",
        f"Let it name a source checkout of Odoo {SERIES}, or unset it to have one fetched.",
    )


def _importable():
    found = subprocess.run(
        [sys.executable, "-c", "import odoo.release; print(odoo.release.__file__)"],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if found.returncode:
        return None
    path = Path(found.stdout.strip()).parents[1]
    if _version(path) != SERIES:
        return None
    return Odoo(_alone(path), SERIES, f"installed in {path}")


def _alone(path):
    """Return a folder for PYTHONPATH with Odoo in it and no neighbour of it.

    Beside an installed Odoo lie other packages, which would go before those of our environment.
    """
    folder = STATE / "odoo"
    folder.mkdir(exist_ok=True)
    for name, target in (("odoo", path / "odoo"), ("addons", path / "addons")):
        (folder / name).unlink(missing_ok=True)
        if target.is_dir() and (name == "odoo" or (target / "web").is_dir()):
            (folder / name).symlink_to(target)
    return folder


def _cached():
    recipe = digest(*DEBS, STUB, STUB_TEXT)
    cache = cache_dir()
    with locked(cache / f"odoo-{recipe}.lock"):
        ready = sorted(
            (path for path in cache.glob(f"odoo-*-{recipe}") if path.is_dir()),
            key=lambda path: path.stat().st_mtime,
        )
        home = ready[-1] if ready else _fetch(cache, recipe)
    version = home.name.removeprefix("odoo-").removesuffix(f"-{recipe}")
    return Odoo(home / "usr/lib/python3/dist-packages", version, str(home))


def _fetch(cache, recipe):
    """Download and unpack Debian's packages beside their place, then rename them into it."""
    if not all(map(shutil.which, ("apt-get", "dpkg"))) or not Path(KEYRING).exists():
        raise StackError(
            f"No Odoo {SERIES} here, and without Debian's apt-get, dpkg and archive keyring it "
            "cannot be fetched.",
            f"Clone branch {SERIES} of https://github.com/odoo/odoo and set ODOO_HOME to it.",
        )
    for stale in cache.glob(f".odoo-{recipe}-*"):
        shutil.rmtree(stale)
    work = Path(tempfile.mkdtemp(prefix=f".odoo-{recipe}-", dir=cache))
    debs = work / "debs"
    debs.mkdir()
    _download(work, debs)
    root = work / "root"
    for deb in sorted(debs.glob("*.deb")):
        run(["dpkg", "-x", deb, root])
    # dpkg leaves the folder as closed or open as the package has it.
    root.chmod(0o755)
    package = next(debs.glob("odoo-19_*.deb")).name
    version = urllib.parse.unquote(package.split("_")[1])
    stub = root / "usr/lib/python3/dist-packages" / STUB
    if not stub.exists():
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text(STUB_TEXT)
    home = cache / f"odoo-{version}-{recipe}"
    root.rename(home)
    shutil.rmtree(work)
    return home


def _download(work, debs):
    """Fetch :data:`DEBS` through an apt of our own, which leaves the system's as it is."""
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True)
    suites = [f"deb [signed-by={KEYRING}] {MIRROR} {suite} main" for suite in ("bookworm", "sid")]
    (work / "sources.list").write_text("\n".join(suites) + "\n")
    (work / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{work}/sources.list";\n'
        'Dir::Etc::sourceparts "-";\n'
        'Dir::Etc::preferences "-";\n'
        'Dir::Etc::preferencesparts "-";\n'
        f'Dir::State::lists "{work}/lists";\n'
        f'Dir::Cache "{work}";\n'
        'Acquire::Languages "none";\n'
        # apt's own user may not look into the home that holds the cache.
        'APT::Sandbox::User "";\n'
        'APT::Update::Post-Invoke-Success "";\n'
    )
    env = {**os.environ, "APT_CONFIG": str(work / "apt.conf"), "LC_ALL": "C.UTF-8"}
    remedy = (
        f"Is {MIRROR} reachable? Another mirror: DEBIAN_MIRROR=URL. "
        f"Or set ODOO_HOME to a checkout of Odoo {SERIES}."
    )
    log = LOGS / f"{MODULE}-fetch.log"
    run(["apt-get", "update", "-o", "APT::Update::Error-Mode=any"], env=env, log=log, remedy=remedy)
    run(["apt-get", "download", *DEBS], env=env, log=log, cwd=debs, remedy=remedy)
