"""Databases of earlier versions, kept as dumps: `make test` updates each to this version.

A dump is the demo of that version after its main job, without passwords: `make dump`, when the
version is finished. People and offices in it are invented. Beside it may lie a file of SQL that
tells, line by line, what is wrong after the update.
"""

import lzma
import re
import subprocess
from collections import defaultdict
from dataclasses import dataclass

from .console import StackError, say, step
from .paths import CHECKOUT, MODULE
from .postgres import ensure
from .stack import demo_services

FOLDER = CHECKOUT / "dev" / "versions"
#: Of the dump alone: nobody logs in, and what Odoo makes anew takes no room.
SCRUB = """
    UPDATE res_users SET password = NULL;
    UPDATE ir_config_parameter SET value = 'invented'
     WHERE key IN ('database.secret', 'database.uuid');
    DELETE FROM ir_attachment WHERE url LIKE '/web/assets/%';
    TRUNCATE bus_bus;
"""
# pg_dump's guard against a hostile server, which older versions of psql do not know.
_GUARD = re.compile(r"^\\(un)?restrict .*\n", re.MULTILINE)


def dump(database):
    """Write `dev/versions/VERSION.sql.xz` from the demo's `database`; return the exit status."""
    if any(service.record for service in demo_services()):
        raise StackError("The demo is running.", "make stop dump")
    server, _started = ensure()
    number = server.query(
        f"SELECT latest_version FROM ir_module_module WHERE name = '{MODULE}'", database
    )
    if not number:
        raise StackError(f"{MODULE} is not installed in {database}.", "make demo")
    copy = f"{database}_dump"
    target = FOLDER / f"{number}.sql.xz"
    with step(f"Writing {target}") as current:
        server.drop(copy)
        server.query(f'CREATE DATABASE "{copy}" TEMPLATE "{database}"')
        try:
            server.query(SCRUB, copy)
            text = subprocess.run(
                ["pg_dump", "--no-owner", "--no-privileges", copy],
                env=server.env,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        finally:
            server.drop(copy)
        FOLDER.mkdir(exist_ok=True)
        target.write_bytes(lzma.compress(_GUARD.sub("", text).encode(), preset=9))
        current.note = f"{target.stat().st_size // 1024} KB"
    say("Commit it together with the new version in the manifest.")
    return 0


def dumps():
    """Return the paths of the dumps, the oldest version first."""
    return sorted(
        FOLDER.glob("*.sql.xz"), key=lambda path: [int(part) for part in version(path).split(".")]
    )


def version(path):
    """Return the version whose dump lies at `path`."""
    return path.name.removesuffix(".sql.xz")


def restore(server, path, database):
    """Create `database` from the dump at `path`."""
    server.query(f'CREATE DATABASE "{database}"')
    done = subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database],
        input=lzma.decompress(path.read_bytes()),
        env=server.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    if done.returncode:
        raise StackError(f"{path} cannot be restored.\n{done.stderr.decode()[-2000:]}")


def columns(server, database):
    """Return {table: columns} of what people have entered: tables of the add-on, and consumers."""
    rows = server.query(
        """
        SELECT c.table_name, string_agg(quote_ident(c.column_name), ',' ORDER BY c.column_name)
          FROM information_schema.columns c
          JOIN information_schema.tables t USING (table_schema, table_name)
         WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
           AND (c.table_name LIKE 'discom\\_%' AND c.column_name NOT LIKE 'write\\_%'
                OR c.table_name IN ('res_partner', 'res_company', 'res_users')
                   AND (c.column_name LIKE 'discom\\_%'
                        OR c.column_name IN ('id', 'name', 'login')))
         GROUP BY c.table_name
         ORDER BY c.table_name
        """,
        database,
    )
    return dict(line.split("|") for line in rows.splitlines())


@dataclass(frozen=True)
class Content:
    """Of a table: the columns that were looked at, and a fingerprint of each row in them."""

    columns: str
    rows: frozenset
    translated: frozenset = frozenset()


def content(server, database, tables, before=None):
    """Return {table: :class:`Content`}, of the columns that `tables` names.

    Records that each update writes anew from the files of the module are left out. What was plain
    text `before` and is translated now is looked at in English, in which it was kept.
    """
    selects, translated = [], _translated(server, database)
    for table, names in tables.items():
        new = translated[table] - before[table].translated if before else ()
        shown = ",".join(
            f"{name}->>'en_US' AS {name}" if name in new else name for name in names.split(",")
        )
        select = f"SELECT '{table}', md5(r::text) FROM (SELECT {shown} FROM {table}) r"
        if "id" in names.split(","):
            select += (
                " WHERE NOT EXISTS (SELECT FROM ir_model_data known"
                f" WHERE known.module = '{MODULE}' AND NOT known.noupdate"
                f" AND known.model = '{table.replace('_', '.')}' AND known.res_id = r.id)"
            )
        selects.append(select)
    found = {table: set() for table in tables}
    for line in server.query(" UNION ALL ".join(selects), database).splitlines():
        table, fingerprint = line.split("|")
        found[table].add(fingerprint)
    return {
        table: Content(tables[table], frozenset(rows), frozenset(translated[table]))
        for table, rows in found.items()
    }


def _translated(server, database):
    """Return {table: names of its columns} that are kept as translated texts are."""
    found = defaultdict(set)
    for line in server.query(
        """
        SELECT table_name, quote_ident(column_name) FROM information_schema.columns
         WHERE table_schema = 'public' AND udt_name = 'jsonb'
        """,
        database,
    ).splitlines():
        table, name = line.split("|")
        found[table].add(name)
    return found


def structure(server, database):
    """Return the lines that tell the tables, columns, constraints and indexes of `database`.

    What a constraint says is written otherwise after a dump, so its name stands for it.
    """
    return set(
        server.query(
            """
            SELECT concat_ws(' ', 'column', table_name, column_name, udt_name, is_nullable)
              FROM information_schema.columns WHERE table_schema = 'public'
             UNION ALL
            SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname)
              FROM pg_constraint
             WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
             UNION ALL
            SELECT concat_ws(' ', 'index', tablename, indexname)
              FROM pg_indexes WHERE schemaname = 'public'
             UNION ALL
            SELECT concat_ws(' ', 'trigger', tgrelid::regclass, tgname)
              FROM pg_trigger WHERE NOT tgisinternal
            """,
            database,
        ).splitlines()
    )


def problems(server, path, database, before, fresh):
    """Say what is wrong with a dump that was restored and updated; empty when nothing is.

    :param dict before: of :func:`content`, before the update
    :param str fresh: database in which this version was installed
    """
    found, now = [], columns(server, database)
    gone = {
        table: set(was.columns.split(",")) - set(now.get(table, "").split(","))
        for table, was in before.items()
    }
    kept = {table: was.columns for table, was in before.items() if not gone[table]}
    after = content(server, database, kept, before)
    for table, was in sorted(before.items()):
        if gone[table]:
            found.append(f"{table} has lost {', '.join(sorted(gone[table]))}")
            continue
        # There may be more: the files of the module bring it.
        changed = was.rows - after[table].rows
        if changed:
            found.append(f"{table}: {len(changed)} of {len(was.rows)} rows changed or are gone")
    new, updated = structure(server, fresh), structure(server, database)
    found += [f"missing: {line}" for line in sorted(new - updated)]
    found += [f"left over: {line}" for line in sorted(updated - new)]
    check = path.with_name(f"{version(path)}.check.sql")
    if check.exists():
        found += server.query(check.read_text(), database).splitlines()
    return "\n".join(found[:40])
