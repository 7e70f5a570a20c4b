"""What `docs/roles.md` says, to be held against the running system by each door."""

import re
from contextlib import contextmanager
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import HttpCase
from odoo.tools import SQL, file_open, mute_logger

from ..models import audit_res_users
from .common_roles import ROLES, SIDES, RolesCommon

TABLE = "discom/docs/roles.md"
QUIET = (
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
    "odoo.addons.rpc.controllers.xmlrpc",
    "odoo.http",
    "odoo.sql_db",
)
#: That somebody looked for something is counted, whatever else may be written.
COUNTS = {"discom_asked"}
WRITING = re.compile(r"\b(?:INSERT INTO|UPDATE(?! SKIP)|DELETE FROM)\s+\"?(\w+)")


class RolesTable(RolesCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with file_open(TABLE) as file:
            cls.documented = file.read()
        cells = [
            [cell.strip() for cell in line.strip("| \n").split("|")]
            for line in cls.documented.splitlines()
            if line.startswith("| `discom.")
        ]
        cls.reach = {row[0].strip("`"): row[2] for row in cells}
        cls.allowed = {
            row[0].strip("`"): dict(
                zip(ROLES, (cell.strip("–SA") for cell in row[4:]), strict=True)
            )
            for row in cells
        }

    def setUp(self):
        super().setUp()
        # A call that only reads opens, under test, no transaction for its sign-in.
        self.patch(audit_res_users.KEY_CALLS, "limit", 0)

    def _expected(self, name, role, side):
        """Letters that ``role`` has on the record of a side."""
        letters = self.allowed[name][role]
        reach = self.reach[name]
        seen = {
            "all": SIDES,
            "own company": ("own", "foreign"),
            "own offices": ("own", "foreign") if role == "Administrator" else ("own",),
        }.get(reach, ())
        if side not in seen:
            return ""
        if name == "discom.asset" and side == "foreign" and role != "Administrator":
            # All staff read the network of the company and change that of their own offices.
            return "R"
        return letters

    def _column(self, model):
        """Name of a column that everybody may read who may read the record."""
        return next(
            name
            for name, field in model._fields.items()
            if field.column_type and field.store and not field.groups and name != "id"
        )

    @contextmanager
    def _written(self):
        """Yield a list that takes the names of the tables written meanwhile."""
        tables = []
        execute = Cursor.execute

        def recording(cursor, query, params=None, log_exceptions=True):
            text = query.code if isinstance(query, SQL) else query
            if isinstance(text, str):
                tables.extend(set(WRITING.findall(text)) - COUNTS)
            return execute(cursor, query, params, log_exceptions)

        with patch.object(Cursor, "execute", recording), mute_logger(*QUIET):
            yield tables
