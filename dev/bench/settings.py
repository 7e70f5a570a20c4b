"""What `docs/deployment.md` recommends for PostgreSQL, so that the benchmark measures it."""

import re

from dev.stack.paths import CHECKOUT

GUIDE = CHECKOUT / "docs" / "deployment.md"
_BLOCK = re.compile(r"^## PostgreSQL$.*?^```ini$\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SETTING = re.compile(r"^([\w.]+) = ([^#\n]*[^#\s])", re.MULTILINE)


def recommended(guide=GUIDE):
    """{name: value} of the guide's settings, with the guide's units."""
    block = _BLOCK.search(guide.read_text(encoding="utf-8"))[1]
    return dict(_SETTING.findall(block))


def apply(cr, database):
    """Give ``database`` what decides on plans and memory; what concerns a server as a whole, such
    as `shared_buffers`, stays as the server has it. It holds for connections made from now on.
    """
    found = recommended()
    cr.execute(
        """
        SELECT name FROM pg_settings
         WHERE name = ANY (%s) AND context = 'user'
           AND (category LIKE 'Query Tuning%%' OR category LIKE 'Resource Usage%%')
        """,
        [list(found)],
    )
    for [name] in cr.fetchall():
        cr.execute(f'ALTER DATABASE "{database}" SET {name} = %s', [found[name]])
