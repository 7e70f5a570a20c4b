"""`backup`: dump and restore of a database with a year in it, as docs/deployment.md has it done."""

import os
import shutil
import subprocess
import time

from ..registry import row
from ..result import Result, written
from ..workbench import Unavailable
from .pages import year

#: Minutes after which a division wants to work again, for this many consumers.
MINUTES, OF = 30, 275_000


def _run(*command):
    """Carry out a program of PostgreSQL; return the seconds it took."""
    begun = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"{command[0]}: {done.stderr.strip()[-500:]}")
    return time.perf_counter() - begun


def _size(path):
    return sum(found.stat().st_size for found in path.rglob("*") if found.is_file())


def _counts(database):
    """{table: rows} of a database."""
    from odoo import sql_db

    with sql_db.db_connect(database).cursor() as cr:
        cr.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for [name] in cr.fetchall()]
        counts = {}
        for name in tables:
            cr.execute(f'SELECT count(*) FROM "{name}"')
            [counts[name]] = cr.fetchone()
        cr.execute("SELECT pg_database_size(current_database())")
        return counts, cr.fetchone()[0]


@row("backup", f"dump+restore<={MINUTES}min_of_{OF}", 27_500, group="year")
def backup(bench, size):
    """Seconds of ``pg_dump`` by several processes; the yardstick is ``pg_dump`` by one. Restored
    by several into another database, which has the same rows. The goal, scaled to the size, is
    for dump and restore together.
    """
    from odoo import sql_db

    if not shutil.which("pg_dump"):
        raise Unavailable("There is no pg_dump; install postgresql-client")
    year(bench)
    before, disk = _counts(bench.database)
    sql_db.close_db(bench.database)
    folder = bench.folder / "backup"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    jobs = os.cpu_count()
    copy = f"{bench.database}_restored"
    try:
        alone = _run("pg_dump", "-Fc", "-f", folder / "one", bench.database)
        ours = _run("pg_dump", "-Fd", f"-j{jobs}", "-f", folder / "many", bench.database)
        dumped = _size(folder / "many")
        _run("createdb", "-T", "template0", "-E", "UTF8", copy)
        restored = _run("pg_restore", f"-j{jobs}", "-d", copy, folder / "many")
        _run("vacuumdb", "-q", "--analyze-only", f"-j{jobs}", copy)
        after, _disk = _counts(copy)
        if after != before:
            different = [name for name in before if before[name] != after.get(name)]
            raise Unavailable(f"The restored database differs: {different}")
    finally:
        sql_db.close_db(copy)
        _run("dropdb", "--if-exists", "--force", copy)
        shutil.rmtree(folder, ignore_errors=True)
    result = Result(ours, alone, "s", more_is_better=False)
    result.also = {
        "restore": written(restored, "s"),
        "database": written(disk / 2**20, "MiB"),
        "dump": written(dumped / 2**20, "MiB"),
        "rows": str(sum(before.values())),
    }
    result.met = ours + restored <= 60 * MINUTES * max(size / OF, 0.01)
    return result
