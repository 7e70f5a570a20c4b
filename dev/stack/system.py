"""Debian packages that cannot be unpacked beside the system: found, installed or asked for."""

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from .console import StackError, step
from .paths import LOGS
from .process import run

HINDI_FONT = "/usr/share/fonts/truetype/noto/NotoSansDevanagari-Regular.ttf"
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")


@dataclass(frozen=True)
class Package:
    """A Debian package, what needs it, and how to see that it (or its equal) is there."""

    name: str
    purpose: str
    present: object


def postgres_bin():
    """Folder of the newest PostgreSQL server's programs, None when there is no server."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
        reverse=True,
    )
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return next((path for path in folders if (path / "initdb").exists()), None)


VENV = Package(
    "python3-venv", "the Python environment", lambda: importlib.util.find_spec("ensurepip")
)
POSTGRES = Package("postgresql", "the database", postgres_bin)
PSQL = Package("postgresql-client", "the database", lambda: shutil.which("psql"))
CHROMIUM = Package(
    "chromium", "browser tours", lambda: any(shutil.which(name) for name in BROWSERS)
)
FONTS = Package("fonts-noto-core", "Hindi on bills", lambda: os.path.exists(HINDI_FONT))
POPPLER = Package("poppler-utils", "pages of a PDF as pictures", lambda: shutil.which("pdftoppm"))
LIBREOFFICE = Package(
    "libreoffice-calc", "pictures of the workbooks", lambda: shutil.which("soffice")
)
NPM = Package("npm", "axe-core, which looks at the screens", lambda: shutil.which("npm"))
WKHTMLTOPDF = Package(
    "wkhtmltopdf", "the yardstick of the PDF benchmark", lambda: shutil.which("wkhtmltopdf")
)


def ensure(*packages):
    """See that `packages` are there; root installs what is missing.

    :raise StackError: for an ordinary user, with the command to run
    """
    missing = [package for package in packages if not package.present()]
    if not missing:
        return
    names = [package.name for package in missing]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        wanted = "\n".join(f"  {package.name}: {package.purpose}" for package in missing)
        raise StackError(
            f"These Debian packages are missing:\n{wanted}",
            f"Install them and try again:\n  sudo apt-get install --yes {' '.join(names)}",
        )
    with step(f"Installing {', '.join(names)} with apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        log = LOGS / "apt.log"
        remedy = f"Install it by hand and try again:\n  apt-get install {' '.join(names)}"
        run(["apt-get", "update"], log=log, env=env, remedy=remedy)
        run(
            ["apt-get", "install", "--yes", "--no-install-recommends", *names],
            log=log,
            env=env,
            remedy=remedy,
        )
    still = [package.name for package in missing if not package.present()]
    if still:
        raise StackError(f"apt-get ran, and still not found: {', '.join(still)}. Log: {log}")
