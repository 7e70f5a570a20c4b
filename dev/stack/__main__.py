"""Command line of the bootstrap; the Makefile calls it."""

import argparse
import signal
import subprocess
import sys

from . import demo, i18n, lint, test, versions
from .console import StackError, say, show_error
from .paths import CHECKOUT
from .stack import Stack


def main():
    """Run the command that the arguments name and return the exit status."""
    parser = argparse.ArgumentParser(prog="python3 -m dev.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = commands.add_parser("demo", help="run Odoo with demo data and the main job done")
    command.add_argument("--port", type=int, default=demo.PORT)
    command.add_argument("--simulator-port", type=int, default=demo.SIMULATOR_PORT)
    command.set_defaults(run=lambda options: demo.main(options.port, options.simulator_port))

    command = commands.add_parser("stop", help="stop what the demo started")
    command.set_defaults(run=lambda options: demo.stop())

    command = commands.add_parser("clean", help="stop it and remove this checkout's data")
    command.set_defaults(run=lambda options: demo.clean())

    command = commands.add_parser("test", help="run all tests on a fresh database")
    command.add_argument("--tags", default="", help="Odoo's test tags, such as /discom:TestBill")
    command.set_defaults(run=lambda options: test.main(options.tags))

    command = commands.add_parser("lint", help="run the linters")
    command.set_defaults(run=lambda options: lint.main())

    command = commands.add_parser("run", help="run a Python module of dev/ beside Odoo")
    command.add_argument("module", help="such as dev.bench")
    command.add_argument("arguments", nargs=argparse.REMAINDER)
    command.set_defaults(run=lambda options: run_module(options.module, options.arguments))

    command = commands.add_parser("screenshots", help="take the pictures of the docs, of the demo")
    command.add_argument("--port", type=int, default=demo.PORT)
    command.add_argument("--simulator-port", type=int, default=demo.SIMULATOR_PORT)
    command.add_argument("--workbooks", action="store_true", help="only those of the workbooks")
    command.set_defaults(
        run=lambda options: run_module(
            "dev.screenshots",
            [
                f"--url=http://localhost:{options.port}",
                f"--simulator=http://127.0.0.1:{options.simulator_port}",
                f"--database={demo.DATABASE}",
                *(["--workbooks"] if options.workbooks else []),
            ],
        )
    )

    command = commands.add_parser("pot", help="write i18n/discom.pot anew")
    command.set_defaults(run=lambda options: i18n.main())

    command = commands.add_parser("dump", help="keep the demo as database of this version")
    command.set_defaults(run=lambda options: versions.dump(demo.DATABASE))

    options = parser.parse_args()
    # A terminated run cleans up as an interrupted one does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return options.run(options)
    except StackError as error:
        show_error(error)
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted; the same command goes on from here.")
        return 130


def run_module(module, arguments):
    """Run a Python module of the checkout with Odoo and PostgreSQL at hand; return its status."""
    stack = Stack()
    try:
        command = [str(stack.python), "-m", module, *arguments]
        return subprocess.run(command, env=stack.env, cwd=CHECKOUT).returncode
    finally:
        stack.close()


if __name__ == "__main__":
    sys.exit(main())
