"""Everything a command needs, made ready in order: packages, Odoo, Python, PostgreSQL."""

import os

from . import axe, odoo, postgres, system, venv
from .paths import CHECKOUT, STATE, prepare_state
from .process import Service, run

LAUNCHER = CHECKOUT / "dev" / "odoo_bin.py"


class Stack:
    """A checkout that is ready to run Odoo.

    :param packages: Debian packages (of :mod:`.system`) needed beyond those of every command
    """

    def __init__(self, *packages):
        prepare_state()
        database = system.PSQL if os.environ.get("PGHOST") else system.POSTGRES
        system.ensure(system.VENV, database, *packages)
        self.odoo = odoo.ensure()
        self.python = venv.ensure()
        self.database, self.started_database = postgres.ensure()
        self.config = odoo.write_config()

    @property
    def env(self):
        """Environment of every program started here: Odoo importable, the database reachable."""
        return python_env(self.python, self.database.env) | {
            "PYTHONPATH": str(self.odoo.path),
            "DISCOM_CHECKOUT": str(CHECKOUT),
            "DISCOM_PYTHON": str(self.python),
            "ODOO_RC": str(self.config),
            "DISCOM_AXE": str(axe.path()),
        }

    def command(self, name, *arguments):
        """Return the command line of Odoo's command `name`."""
        return [self.python, LAUNCHER, name, "-c", self.config, *arguments]

    def run_odoo(self, name, *arguments, log, **options):
        """Run Odoo's command `name` to its end, with its output in the file `log`."""
        return run(self.command(name, *arguments), env=self.env, cwd=STATE, log=log, **options)

    def close(self):
        """Stop the database server if this object started it and no demo has come to use it."""
        if self.started_database and not any(service.record for service in demo_services()):
            self.database.stop()


def demo_services():
    """Return what runs in the background of a demo, first the one that uses the others."""
    return Service("odoo"), Service("simulator")


def python_env(python, base):
    """Return the environment `base` as if the virtual environment of `python` were active."""
    foreign = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    env = {name: value for name, value in base.items() if name not in foreign}
    return env | {
        "VIRTUAL_ENV": str(python.parent.parent),
        "PATH": f"{python.parent}:{env.get('PATH', '')}",
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
    }
