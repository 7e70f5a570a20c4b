import re

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_roles import RolesCommon

#: Fields that say how far something is and who agreed to it, readonly or not.
STATE_LIKE = re.compile(
    r"(^|_)state$|^approve[dr]_|^decided|^verified_(by|on)$|^released_|^settled_"
)
#: Set by the framework, whatever is given.
MAGIC = ("id", "create_uid", "create_date", "write_uid", "write_date", "parent_path")
#: Models of which a second record like the first can be created.
LEAST = 10
#: Values of their kind that no default has.
MARKS = {
    "char": "injected",
    "text": "injected",
    "html": "<p>injected</p>",
    "integer": 777,
    "float": 777.0,
    "monetary": 777.0,
    "date": "2001-02-03",
    "datetime": "2001-02-03 04:05:06",
}


@tagged("post_install", "-at_install")
class TestContextDefaults(RolesCommon):
    """A client's context gives no default to what only the software sets, in any model."""

    def own_fields(self, model):
        """Stored fields that follow from what is done, and states."""
        return [
            field
            for name, field in model._fields.items()
            if field.store
            and name not in MAGIC
            and (model._name.startswith("discom.") or name.startswith("discom_"))
            and name not in model._discom_handed_over
            and (field.readonly or STATE_LIKE.search(name))
        ]

    def injected(self, model):
        """{field name: value that no default has}"""
        values = {}
        plain = model.default_get([field.name for field in self.own_fields(model)])
        for field in self.own_fields(model):
            if field.type in MARKS:
                values[field.name] = MARKS[field.type]
            elif field.type == "boolean":
                values[field.name] = not plain.get(field.name)
            elif field.type == "selection":
                values[field.name] = [
                    key for key in field.get_values(self.env) if key != plain.get(field.name)
                ][-1]
            elif field.type == "many2one":
                records = self.env[field.comodel_name].sudo().with_context(active_test=False)
                other = records.search([("id", "!=", plain.get(field.name))], limit=1)
                values[field.name] = other.id
        return values

    def creators(self):
        """(model as a user who may create in it, name of the role)"""
        for name in [*self.models, "res.partner"]:
            if self.env[name]._transient or self.env[name]._abstract or not self.env[name]._auto:
                continue
            for role, user in self.users.items():
                model = self.env[name].with_user(user)
                if model.has_access("create"):
                    yield model, role

    def test_defaults(self):
        """What `create` would take for missing values, and what a form shows."""
        seen = set()
        for model, role in self.creators():
            injected = self.injected(model)
            context = {f"default_{name}": value for name, value in injected.items()}
            got = model.with_context(**context).default_get(list(injected))
            seen.add(model._name)
            for name in injected:
                with self.subTest(model=model._name, field=name, role=role):
                    self.assertNotEqual(got.get(name), injected[name])
        self.assertGreater(len(seen), 25)

    def create_by_rpc(self, model, vals, context):
        """Create by RPC, and take it back; return the record's values, or None if it is refused."""
        savepoint = self.env.cr.savepoint()
        try:
            with mute_logger("odoo.sql_db"):
                ids = call_kw(model.browse(), "create", [[vals]], {"context": context})
                self.env.flush_all()
                record = self.env[model._name].sudo().browse(ids)
                return record.read([field.name for field in self.own_fields(model)], load=None)[0]
        except (AccessError, UserError, ValueError, KeyError, psycopg2.Error):
            return None
        finally:
            self.env.transaction.clear()
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)

    def test_create_by_rpc(self):
        created = set()
        for model, role in self.creators():
            source = self.sides["own"].get(model._name)
            if not source:
                continue
            # What is required and follows from nothing is given, as by the code that creates it.
            own = {
                field.name
                for field in self.own_fields(model)
                if not field.required or field.compute
            }
            names = [
                name
                for name, field in model._fields.items()
                if field.store
                and not field.compute
                and field.type not in ("one2many", "many2many", "binary")
                and name not in own.union(MAGIC)
            ]
            vals = source.sudo().read(names, load=None)[0]
            del vals["id"]
            injected = self.injected(model)
            context = {f"default_{name}": value for name, value in injected.items()}
            plain = self.create_by_rpc(model, vals, {})
            record = self.create_by_rpc(model, vals, context)
            if not (plain and record):
                continue
            created.add(model._name)
            for name in injected.keys() - vals.keys():
                with self.subTest(model=model._name, field=name, role=role):
                    if plain[name] != injected[name]:
                        self.assertNotEqual(record[name], injected[name])
        self.assertGreater(len(created), LEAST, created)

    def test_own_default_of_a_user(self):
        """A default that a user keeps for himself sets no state either."""
        self.env["ir.default"].with_user(self.operator).set(
            "discom.outage", "state", "restored", user_id=True
        )
        outage = self.env["discom.outage"].with_user(self.operator)
        self.assertEqual(outage.default_get(["state"])["state"], "draft")
