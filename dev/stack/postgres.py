"""PostgreSQL: a private cluster of this checkout, or the server that `PGHOST` names."""

import os
import pwd
import secrets
import shutil
import subprocess
from pathlib import Path

from . import system
from .console import StackError, say, step
from .paths import CHECKOUT_KEY, STATE, locked
from .process import free_port, run

ROLE = "odoo"
#: Share of the machine's memory for `shared_buffers`, and the most of it, in MiB, as in
#: docs/deployment.md; pages that are never asked for take no memory.
BUFFERS_SHARE, BUFFERS_MOST = 0.25, 4096
# A cluster for demo and tests may lose its data with the machine, and is quicker for it.
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
jit = off
shared_buffers = {buffers}MB
max_wal_size = 2GB
max_connections = 200
timezone = 'UTC'
log_timezone = 'UTC'
"""


def _buffers():
    """MiB of `shared_buffers` on this machine."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20
    return min(int(memory * BUFFERS_SHARE), BUFFERS_MOST)


class Server:
    """The server that the environment names; :attr:`env` lets a program reach it."""

    private = False

    def __init__(self):
        self.env = dict(os.environ)

    def start(self):
        """See that the server answers; tell whether it had to be started."""
        self.query("SELECT 1")
        return False

    def stop(self):
        """Leave a server that is not ours alone."""
        return False

    @property
    def running(self):
        """Whether there is a server of ours to stop."""
        return False

    def remove(self, prefixes):
        """Drop the databases whose names begin with one of `prefixes`."""
        for prefix in prefixes:
            for database in self.databases(prefix):
                self.drop(database)

    def query(self, sql, database="postgres"):
        """Run `sql` and return its rows, one a line, columns parted by `|`."""
        return run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql],
            env=self.env,
            problem="PostgreSQL refused.",
            remedy="Unset PGHOST to have a private PostgreSQL." if not self.private else "",
        ).strip()

    def databases(self, prefix):
        """Return the names of the databases that begin with `prefix`."""
        like = prefix.replace("_", r"\_")
        return self.query(f"SELECT datname FROM pg_database WHERE datname LIKE '{like}%'").split()

    def drop(self, database):
        """Drop `database`, together with who is connected to it."""
        self.query(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


class Cluster(Server):
    """A cluster below the checkout's state folder, listening on a free port of 127.0.0.1."""

    private = True

    def __init__(self):
        super().__init__()
        self.bin = system.postgres_bin()
        self.user = _ordinary_user()
        self.home = self._home()
        self.data = self.home / "data"
        self.passwords = STATE / "pgpass"
        self.env = {name: value for name, value in self.env.items() if not name.startswith("PG")}
        self.env |= {"PGHOST": "127.0.0.1", "PGUSER": ROLE, "PGPASSFILE": str(self.passwords)}

    def _home(self):
        """Return a folder that the cluster's user can reach."""
        inside = STATE / "postgres"
        if self.user is None:
            return inside
        reachable = subprocess.run(
            ["test", "-x", STATE], user=self.user, group=pwd.getpwnam(self.user).pw_gid, cwd="/"
        )
        return inside if not reachable.returncode else Path(f"/var/tmp/discom-{CHECKOUT_KEY}")

    def _run(self, program, *arguments, **options):
        as_user = {}
        if self.user:
            as_user = {
                "user": self.user,
                "group": pwd.getpwnam(self.user).pw_gid,
                "extra_groups": [],
            }
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PG", "LC_", "LANG"))
        }
        return run(
            [self.bin / program, *arguments],
            cwd="/",
            env={**env, "LC_ALL": "C.UTF-8"},
            **as_user,
            **options,
        )

    @property
    def port(self):
        """Port on which the running server listens, None when it does not run."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            os.kill(int(lines[0]), 0)
        except PermissionError:
            pass
        except (FileNotFoundError, ProcessLookupError, IndexError, ValueError):
            return None
        return int(lines[3]) if len(lines) > 7 and lines[7].strip() == "ready" else None

    def start(self):
        """Create the cluster where it is missing, start it where it is not running."""
        with step("PostgreSQL") as current, locked(STATE / "postgres.lock"):
            self._create()
            started = not self.port
            if started:
                log = self.home / "server.log"
                options = f"-p {free_port()}"
                self._run(
                    "pg_ctl", "start", "-D", self.data, "-l", log, "-w", "-s", "-o", options,
                    problem=f"PostgreSQL does not start; its log is {log}.",
                    remedy="If its files are damaged, start afresh: make clean",
                    start_new_session=True,
                )  # fmt: skip
            self.env["PGPORT"] = str(self.port)
            current.note = f"port {self.port}, {self.home}"
            if self.home.parent != STATE:
                current.note += f" because user {self.user} has no way into {STATE}"
        return started

    def _create(self):
        if (self.data / "PG_VERSION").exists() and self.passwords.exists():
            return
        if self.home.exists():
            if self.user and self.home.stat().st_uid not in (0, pwd.getpwnam(self.user).pw_uid):
                raise StackError(f"{self.home} belongs to somebody else.", f"Remove {self.home}")
            shutil.rmtree(self.home)
        self.home.mkdir(mode=0o700)
        password = secrets.token_urlsafe(24)
        handover = self.home / "password"
        handover.write_text(password)
        if self.user:
            for path in (self.home, handover):
                shutil.chown(path, self.user)
        fresh = self.home / "fresh"
        self._run(
            "initdb", "-D", fresh, "-U", ROLE, "--pwfile", handover, "-A", "scram-sha-256",
            "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync",
        )  # fmt: skip
        handover.unlink()
        with (fresh / "postgresql.conf").open("a") as config:
            config.write(SETTINGS.format(buffers=_buffers()))
        self.passwords.touch(mode=0o600)
        self.passwords.write_text(f"*:*:*:{ROLE}:{password}\n")
        fresh.rename(self.data)

    def stop(self):
        """Stop the server; tell whether it was running."""
        if not self.bin or not self.port:
            return False
        self._run("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", "-s")
        return True

    @property
    def running(self):
        """Whether the cluster's server runs."""
        return bool(self.port)

    def remove(self, prefixes):
        """Stop the server and delete the cluster, whatever is in it."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
        self.passwords.unlink(missing_ok=True)


def server():
    """Return the server to use: `PGHOST`'s where that is set, else this checkout's own."""
    return Server() if os.environ.get("PGHOST") else Cluster()


def ensure():
    """Return the started server to use, and whether it was started now."""
    if os.environ.get("PGHOST"):
        database = Server()
        with step("PostgreSQL") as current:
            current.note = f"PGHOST={os.environ['PGHOST']}"
            return database, database.start()
    database = Cluster()
    return database, database.start()


def _ordinary_user():
    """Return the user to run the server as, None for the one we are; PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        say("Creating the system user postgres, who runs the database")
        run(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "postgres"])
    return "postgres"
