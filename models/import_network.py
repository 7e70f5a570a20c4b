from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..tools import convert
from .import_column import Column
from .network_asset import KINDS
from .network_office import LEVELS

# Trees are small beside consumers, and a parent may come after its children: one batch.
WHOLE_FILE = 10_000_000
# Columns that name another node, and all that say where a node stands.
NODES = ("parent_id", "office_id")
PLACE = (*NODES, "kind", "level")


class DiscomImport(models.Model):
    _inherit = "discom.import"

    _batch_office = WHOLE_FILE
    _batch_asset = WHOLE_FILE

    def _columns_office(self):
        return [
            Column("code", convert.node_code, required=True),
            Column("name", convert.text, required=True),
            Column("name_hi", convert.text),
            Column("level", convert.choice([level for level, _label in LEVELS]), required=True),
            Column("parent_code", convert.node_code),
            Column("officer_name", convert.text),
            Column("officer_title", convert.text),
            Column("phone", convert.text),
        ]

    def _columns_asset(self):
        return [
            Column("code", convert.node_code, required=True),
            Column("name", convert.text, required=True),
            Column("name_hi", convert.text),
            Column("kind", convert.choice([kind for kind, _label in KINDS]), required=True),
            Column("voltage", convert.text),
            Column("parent_code", convert.node_code),
            Column("office_code", convert.node_code, required=True),
        ]

    def _plan_office(self, stage):
        names = ["name", "name_hi", "level", "officer_name", "officer_title", "phone"]
        return SQL(
            """
            SELECT s.row_no, node.id AS record_id, s.code AS node_code,
                   %(new)s AS hash, %(old)s AS old_hash,
                   COALESCE(s.reason, CASE
                       WHEN s.nth > 1 THEN %(duplicate)s
                       WHEN s.parent_code IS NOT NULL AND parent.id IS NULL
                            AND NOT EXISTS (SELECT FROM %(stage)s above
                                             WHERE above.code = s.parent_code
                                               AND above.reason IS NULL) THEN %(no_parent)s
                       WHEN node.id IS NOT NULL AND NOT node.id = ANY(%(scope)s) THEN %(foreign)s
                       WHEN parent.id IS NOT NULL AND NOT parent.id = ANY(%(scope)s)
                            THEN %(foreign)s
                       WHEN node.id IS NULL AND s.parent_code IS NULL AND %(restricted)s
                            THEN %(foreign)s
                   END) AS reason
              FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY code ORDER BY row_no) AS nth
                      FROM %(stage)s) s
         LEFT JOIN discom_office node ON node.code = s.code AND node.company_id = %(company)s
         LEFT JOIN discom_office up ON up.id = node.parent_id
         LEFT JOIN discom_office parent
                ON parent.code = s.parent_code AND parent.company_id = %(company)s
            """,
            stage=stage,
            new=self._node_hash("s", names, SQL("s.parent_code")),
            old=self._node_hash("node", names, SQL("up.code")),
            company=self.company_id.id,
            scope=self._scope_sql(),
            restricted=bool(self.office_id),
            duplicate=self._refusal("duplicate", "code", SQL("s.code")),
            no_parent=self._refusal("unknown_parent", "parent_code", SQL("s.parent_code")),
            foreign=self._refusal("other_office", "code", SQL("s.code")),
        )

    def _plan_asset(self, stage):
        names = ["name", "name_hi", "kind", "voltage"]
        return SQL(
            """
            SELECT s.row_no, node.id AS record_id, s.code AS node_code, office.id AS office_id,
                   %(new)s AS hash, %(old)s AS old_hash,
                   COALESCE(s.reason, CASE
                       WHEN s.nth > 1 THEN %(duplicate)s
                       WHEN office.id IS NULL THEN %(no_office)s
                       WHEN NOT office.id = ANY(%(scope)s) THEN %(other_office)s
                       WHEN NOT node.office_id = ANY(%(scope)s) THEN %(foreign)s
                       WHEN s.parent_code IS NOT NULL AND parent.id IS NULL
                            AND NOT EXISTS (SELECT FROM %(stage)s above
                                             WHERE above.code = s.parent_code
                                               AND above.reason IS NULL) THEN %(no_parent)s
                   END) AS reason
              FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY code ORDER BY row_no) AS nth
                      FROM %(stage)s) s
         LEFT JOIN discom_asset node ON node.code = s.code AND node.company_id = %(company)s
         LEFT JOIN discom_asset up ON up.id = node.parent_id
         LEFT JOIN discom_office seat ON seat.id = node.office_id
         LEFT JOIN discom_asset parent
                ON parent.code = s.parent_code AND parent.company_id = %(company)s
         LEFT JOIN discom_office office
                ON office.code = s.office_code AND office.company_id = %(company)s
            """,
            stage=stage,
            new=self._node_hash("s", names, SQL("s.parent_code"), SQL("s.office_code")),
            old=self._node_hash("node", names, SQL("up.code"), SQL("seat.code")),
            company=self.company_id.id,
            scope=self._scope_sql(),
            duplicate=self._refusal("duplicate", "code", SQL("s.code")),
            no_office=self._refusal("unknown_office", "office_code", SQL("s.office_code")),
            other_office=self._refusal("other_office", "office_code", SQL("s.office_code")),
            foreign=self._refusal("other_office", "code", SQL("s.code")),
            no_parent=self._refusal("unknown_parent", "parent_code", SQL("s.parent_code")),
        )

    def _node_hash(self, alias, names, *others):
        """SQL of what a file can say of a node, to compare file and record."""
        used = [name for name in names if self._uses(name)]
        return SQL(
            "md5(ROW(%s)::text)",
            SQL(", ").join([*(SQL.identifier(alias, name) for name in used), *others]),
        )

    def _apply_office(self, rows):
        before = self.env["res.partner"]._discom_office_numbers()
        self.with_context(discom_flag_later=True)._apply_nodes(
            "discom.office",
            rows,
            ["name", "name_hi", "level", "officer_name", "officer_title", "phone"],
        )
        self.env["discom.office"]._flag_numbers(before)

    def _apply_asset(self, rows):
        self._apply_nodes("discom.asset", rows, ["name", "name_hi", "kind", "voltage", "office_id"])

    def _apply_nodes(self, model, rows, names):
        """Create and write nodes through the ORM, level by level, parents before children.

        A level that breaks a rule of the tree is taken row by row, and only the rows at fault are
        refused.
        """
        self.env.cr.execute(SQL("SELECT * FROM (%s) r ORDER BY row_no", rows))
        waiting = self.env.cr.dictfetchall()
        nodes = self.env[model].with_context(active_test=False)
        known = dict(
            self.env.execute_query(
                SQL(
                    "SELECT code, id FROM %s WHERE company_id = %s",
                    SQL.identifier(nodes._table),
                    self.company_id.id,
                )
            )
        )
        in_file = {row["code"] for row in waiting if row["verdict"] == "new"}
        while waiting:
            level = [
                row
                for row in waiting
                if not row["parent_code"]
                or row["parent_code"] in known
                or row["parent_code"] not in in_file
            ]
            if not level:
                # Only rows that wait for each other are left.
                for row in waiting:
                    self._refuse_row(row["row_no"], "unknown_parent", row["parent_code"])
                break
            done = {row["row_no"] for row in level}
            waiting = [row for row in waiting if row["row_no"] not in done]
            try:
                with self.env.cr.savepoint():
                    self._write_nodes(nodes, level, names, known)
            except (UserError, ValidationError):
                for row in level:
                    try:
                        with self.env.cr.savepoint():
                            self._write_nodes(nodes, [row], names, known)
                    except (UserError, ValidationError) as error:
                        self._refuse_row(row["row_no"], "rule", str(error))
            in_file -= {row["code"] for row in level}
        self._count_plan()

    def _write_nodes(self, nodes, rows, names, known):
        """Create or write the nodes of ``rows`` and add the new ones to ``known`` {code: id}."""
        names = [name for name in names if name == "office_id" or self._uses(name)]
        vals = {}
        for row in rows:
            parent_code = row["parent_code"]
            if parent_code and parent_code not in known:
                raise ValidationError(
                    self.env._(
                        "What stands above it, %(code)s, was refused. Correct that row first.",
                        code=parent_code,
                    )
                )
            vals[row["row_no"]] = {
                **{name: row[name] for name in names},
                "parent_id": known.get(parent_code, False),
            }
        new = [row for row in rows if row["verdict"] == "new"]
        created = nodes.create(
            [
                {**vals[row["row_no"]], "code": row["code"], "company_id": self.company_id.id}
                for row in new
            ]
        )
        self._change_nodes(
            nodes,
            {row["record_id"]: vals[row["row_no"]] for row in rows if row["verdict"] == "changed"},
        )
        self.env.flush_all()
        known.update(zip((row["code"] for row in new), created.ids, strict=True))

    def _change_nodes(self, nodes, vals):
        """Write what differs: a place in the tree for all that move there, names one by one.

        :param dict vals: id of the node -> values
        """
        moved = defaultdict(nodes.browse)
        for node in nodes.browse(vals):
            differing = {
                name: value
                for name, value in vals[node.id].items()
                if (value or False) != (node[name].id if name in NODES else node[name])
            }
            # Checked together: what may stand where depends on all of them.
            place = {name: differing.pop(name) for name in PLACE if name in differing}
            if place:
                moved[tuple(place.items())] |= node
            if differing:
                node.write(differing)
        for place, group in moved.items():
            group.write(dict(place))

    def _refuse_row(self, row_no, code, value):
        """Turn a planned row into a refused one."""
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET verdict = 'refused', reason = %s WHERE row_no = %s",
                SQL.identifier(self._plan_name()),
                self._refusal(code, "parent_code", SQL("%s", value)),
                row_no,
            )
        )
