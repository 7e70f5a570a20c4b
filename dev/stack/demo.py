"""`make demo`, `make stop`, `make clean`: the demo's database, simulator and Odoo."""

import os
import shutil

from . import demo_run, odoo_log, postgres, system
from .console import StackError, say, step
from .paths import (
    CHECKOUT,
    CHECKOUT_KEY,
    LOGS,
    MODULE,
    STATE,
    alone,
    cache_dir,
    digest,
    prepare_state,
)
from .process import port_taken
from .stack import Stack, demo_services

PORT, SIMULATOR_PORT = 8069, 8070
# On a server that is shared, the name tells whose it is.
DATABASE = f"discom_demo_{CHECKOUT_KEY}" if os.environ.get("PGHOST") else "discom_demo"
NOT_OF_THE_MODULE = {"dev", "docs", "tests", "node_modules", "__pycache__"}


def main(port, simulator_port):
    """Bring the demo up to date and running, send the demo's bills, say where to look."""
    prepare_state()
    with alone("demo"):
        _start(port, simulator_port)
    return 0


def _start(port, simulator_port):
    stack = Stack(system.FONTS)
    odoo, simulator = demo_services()
    for service, wanted, variable in (
        (odoo, port, "PORT"),
        (simulator, simulator_port, "SIMULATOR_PORT"),
    ):
        _claim_port(service, wanted, variable)
    state = digest(_fingerprint(), stack.odoo.path, stack.python)
    _database(stack, state, odoo)
    _simulator(stack, simulator, simulator_port)
    url = f"http://localhost:{port}"
    with step("Odoo") as current:
        current.note = url
        if not odoo.record:
            odoo.start(
                stack.command(
                    "server",
                    f"--database={DATABASE}",
                    f"--http-port={port}",
                    # One process with threads: it serves the web client's bus on the same port.
                    "--workers=0",
                    "--max-cron-threads=2",
                ),
                env=stack.env,
                cwd=STATE,
                port=port,
            )
        odoo.wait_for(f"{url}/web/login", 120)
    demo_run.main(url, DATABASE, f"http://127.0.0.1:{simulator_port}")


def stop():
    """Stop Odoo, the simulator and the private PostgreSQL of this checkout."""
    for service in demo_services():
        if service.record:
            with step(f"Stopping {service.name}"):
                service.stop()
    server = postgres.server()
    if server.running:
        with step("Stopping PostgreSQL"):
            server.stop()
    say("Nothing of this checkout is running.")
    return 0


def clean():
    """Stop everything and remove what this checkout keeps: databases, files, logs."""
    server = postgres.server()
    if STATE.exists():
        stop()
    with step("Removing this checkout's data"):
        server.remove([DATABASE, f"discom_test_{CHECKOUT_KEY}_", f"discom_pot_{CHECKOUT_KEY}_"])
        if STATE.exists():
            shutil.rmtree(STATE)
    cache = cache_dir()
    say(f"Odoo and the Python environment stay in {cache} for the next time (rm -r {cache}).")
    return 0


def _claim_port(service, port, variable):
    """See that `service` may listen on `port`; end it when it listens on another one."""
    record = service.record
    if record and record["port"] != port:
        service.stop()
    elif record:
        return
    if port_taken(port):
        raise StackError(
            f"Port {port} is taken by another program.",
            f"Choose another one: make demo {variable}={port + 100}",
        )


def _fingerprint():
    """Return a name for the content of the module's files."""
    parts = []
    for folder, folders, files in os.walk(CHECKOUT):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in NOT_OF_THE_MODULE
        )
        for name in sorted(files):
            path = os.path.join(folder, name)
            if name.endswith((".pyc", ".md")) or not os.path.isfile(path):
                continue
            parts.append(os.path.relpath(path, CHECKOUT))
            with open(path, "rb") as content:
                parts.append(content.read())
    return digest(*parts)


def _database(stack, state, odoo):
    """Create the demo database, or update the add-on in it where the module's files changed.

    The state it is in stands in the comment on the database, which comes last: a database whose
    installation did not end has none, and is made anew.
    """
    server = stack.database
    known = server.query(
        "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database"
        f" WHERE datname = '{DATABASE}'"
    )
    if known == state:
        return
    log = LOGS / "demo-database.log"
    odoo.stop()
    if known:
        title, arguments = "Updating the add-on", (f"--update={MODULE}",)
    else:
        title, arguments = "Installing Odoo with demo data", (f"--init={MODULE}", "--with-demo")
        server.drop(DATABASE)
        shutil.rmtree(STATE / "data" / "filestore" / DATABASE, ignore_errors=True)
    with step(f"{title} (log: {log.relative_to(CHECKOUT)})"):
        stack.run_odoo(
            "server",
            f"--database={DATABASE}",
            "--workers=0",
            "--max-cron-threads=0",
            "--no-http",
            "--stop-after-init",
            *arguments,
            log=log,
            problem="Odoo could not install the add-on.",
            remedy="If the old demo is in the way, start afresh: make clean demo" if known else "",
        )
    for line in odoo_log.read(log.read_text(errors="replace")).noise:
        say(f"  {line}")
    server.query(f"COMMENT ON DATABASE \"{DATABASE}\" IS '{state}'")


def _simulator(stack, simulator, port):
    with step("WhatsApp simulator") as current:
        url = f"http://127.0.0.1:{port}"
        current.note = url
        if not simulator.record:
            command = [stack.python, "-m", "dev.simulator", "--port", port]
            if demo_run.TEMPLATES.exists():
                command += ["--templates", demo_run.TEMPLATES]
            simulator.start(command, env=stack.env, cwd=CHECKOUT, port=port)
        simulator.wait_for(f"{url}/simulator/settings", 30)
