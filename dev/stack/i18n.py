"""The template of translations, `i18n/discom.pot`: written anew and merged, or compared."""

import difflib
import shutil
import subprocess
import time

from .console import say, step
from .paths import CHECKOUT, CHECKOUT_KEY, LOGS, MODULE, STATE
from .process import free_port, run
from .stack import LAUNCHER, Stack

POT = CHECKOUT / "i18n" / f"{MODULE}.pot"
NOT_OF_THE_MODULE = {"dev", "docs", "tests", "node_modules"}


def main():
    """Write `i18n/discom.pot` from a fresh installation; return the exit status."""
    stack = Stack()
    database = f"discom_pot_{CHECKOUT_KEY}_{time.strftime('%Y%m%d_%H%M%S')}"
    data = STATE / "pot-data"
    try:
        with step("Installing the add-on"):
            stack.run_odoo(
                "server",
                f"--database={database}",
                f"--data-dir={data}",
                f"--http-port={free_port()}",
                f"--init={MODULE}",
                "--without-demo",
                "--stop-after-init",
                log=LOGS / "pot.log",
            )
        with step(f"Writing {POT.relative_to(CHECKOUT)}"):
            POT.write_text(export(stack, database))
        with step("Merging it into the translations"):
            command = [stack.python, "-m", "dev.stack.translations", "merge"]
            merge = subprocess.run(
                command, cwd=CHECKOUT, env=stack.env, capture_output=True, text=True
            )
    finally:
        stack.database.drop(database)
        shutil.rmtree(data, ignore_errors=True)
        stack.close()
    # What has to be translated is no failure of this command, a traceback is.
    say(merge.stdout + merge.stderr)
    return merge.returncode if merge.stderr else 0


def export(stack, database):
    """Return the template that Odoo exports for the add-on installed in `database`.

    Odoo follows every link below the addons path. The checkout contains such a link to itself, so
    the export gets a folder of its own with links to the module's parts alone.
    """
    addons = STATE / "pot-addons"
    shutil.rmtree(addons, ignore_errors=True)
    module = addons / MODULE
    module.mkdir(parents=True)
    for path in CHECKOUT.iterdir():
        if not path.name.startswith(".") and path.name not in NOT_OF_THE_MODULE:
            (module / path.name).symlink_to(path)
    config = STATE / "pot.conf"
    config.write_text(f"[options]\naddons_path = {addons}\nlist_db = False\n")
    target = STATE / f"{MODULE}.pot"
    # The command takes its options after the subcommand, unlike Odoo's others.
    run(
        [
            *(stack.python, LAUNCHER, "i18n", "export"),
            *("-c", config, "-d", database, "-l", "pot", "-o", target, MODULE),
        ],
        env=stack.env,
        cwd=STATE,
        log=LOGS / "pot.log",
    )
    shutil.rmtree(addons)
    return target.read_text()


def difference(stack, database):
    """Return how the committed template differs from a fresh export, empty when it does not."""
    lines = difflib.unified_diff(
        _undated(POT.read_text()), _undated(export(stack, database)), "committed", "fresh", n=1
    )
    return "\n".join(list(lines)[:40])


def _undated(text):
    """Return the lines of a template without the dates and versions in its header."""
    volatile = ('"POT-Creation-Date', '"PO-Revision-Date', '"Project-Id-Version')
    return [line.rstrip() for line in text.splitlines() if not line.startswith(volatile)]
