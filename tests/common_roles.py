"""Records of every model of ours in an own, a foreign and another company's office, and the table
of `docs/roles.md` read from the rules that are in force."""

import psycopg2

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import SQL, mute_logger

from ..models.notice_policy import PURPOSES
from .common import DiscomCommon

#: Roles in the order of the table, and the attribute of the user who has it.
ROLES = {
    "Counter clerk": "counter",
    "Field surveyor": "surveyor",
    "Outage operator": "operator",
    "Billing clerk": "clerk",
    "Division manager": "manager",
    "Auditor": "auditor",
    "Administrator": "administrator",
}
OPERATIONS = {"read": "R", "write": "W", "create": "C", "unlink": "D"}
#: Models whose records belong to a person, beside the wizards.
ONES_OWN = ("discom.report.job", "discom.report.schedule")
LOG_COLUMNS = ("create_uid", "create_date", "write_uid", "write_date")
#: Where the records of a test lie, seen by users of division A.
SIDES = ("own", "foreign", "other")
#: Values without which a row is refused or seen nowhere, by the number of its side; what is not
#: named here follows from the columns.
ROWS = {
    "discom.whatsapp.error": lambda place: {"code": 99_000 + place, "last_code": 99_000 + place},
    "discom.retention.rule": lambda place: {"date_from": f"2025-0{place + 1}-01"},
    "discom.kyc.drive.area": lambda place: {"user_id": SUPERUSER_ID},
}


class RolesCommon(DiscomCommon):
    """The three sides, filled row by row, and users of all kinds."""

    #: Kinds of personal data in the words of the table, and a field of each.
    PERSONAL = {
        "Mobile and WhatsApp number": "phone",
        "E-mail": "email",
        "House address": "street",
        "Identity document, photo of the form": "discom_id_last4",
        "Dues": "discom_amount_due",
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: getattr(cls, name) for role, name in ROLES.items()}
        cls.other_company = cls.env["res.company"].create({"name": "Another discom"})
        cls.other_office = cls.create_office(
            "Other division", "discom", company_id=cls.other_company.id
        )
        cls.strangers = {
            "no role": new_test_user(
                cls.env, "test_norole", discom_office_ids=cls.division_a.ids, password="test_norole"
            ),
            "portal": new_test_user(cls.env, "test_portal", groups="base.group_portal"),
            "public": cls.env.ref("base.public_user"),
        }
        cls.sides = {
            "own": cls._seeds(cls.subdivision_a1, cls.transformer_a11),
            "foreign": cls._seeds(cls.subdivision_b1, cls.transformer_b11),
            "other": cls._seeds(
                cls.other_office,
                cls.create_asset(
                    "Other substation",
                    "substation",
                    cls.other_office,
                    company_id=cls.other_company.id,
                ),
                cls.other_company,
            ),
        }
        cls.models = cls._our_models()
        for side, seeds in cls.sides.items():
            cls._fill(side, seeds)
        # Field staff see bills and dues of those alone to whom they are sent.
        cls.create_drive({"office_id": cls.subdivision_a1.id})
        cls.env.invalidate_all()
        kind, purpose = next(iter(PURPOSES.items()))
        for seeds in cls.sides.values():
            # A notice that was told, so that what is counted of it has a row.
            notice = seeds["discom.notice"]
            cls._set(notice, kind=kind)
            told = {"res_model": notice._name, "res_id": notice.id, "purpose": purpose}
            cls._set(seeds["discom.whatsapp.message"], direction="out", state="read", **told)
            # An interruption for which a rule gives something.
            cls._set(seeds["discom.outage.compensation"], hours=0, active=True)
            cls._set(
                seeds["discom.outage.interruption"],
                kind="breakdown",
                date_start="2026-06-01 10:00:00",
            )
            cls.env.cr.execute(
                "INSERT INTO discom_outage_asset_rel (outage_id, asset_id) VALUES (%s, %s)",
                [seeds["discom.outage"].id, seeds["discom.asset"].id],
            )
        for name in cls.models:
            if not cls.env[name]._auto:
                for seeds in cls.sides.values():
                    seeds[name] = cls._seen_in_view(cls.env[name], seeds)

    @classmethod
    def _our_models(cls):
        """Every model of ours that has records, also those of the running requests."""
        return sorted(
            name
            for name, model in cls.env.registry.items()
            if name.startswith("discom.") and not model._abstract
        )

    @classmethod
    def _seeds(cls, office, asset, company=None):
        company = company or cls.company
        partner = cls.create_consumer(
            discom_office_id=office.id, discom_asset_id=asset.id, company_id=company.id
        )
        return {
            "res.company": company,
            "res.currency": company.currency_id,
            "discom.office": office,
            "discom.asset": asset,
            "discom.category": cls.category,
            "res.partner": partner,
        }

    @classmethod
    def _fill(cls, side, seeds):
        """Insert a row of each table, those first whose rows need no other."""
        waiting = [
            name
            for name in cls.models
            if name not in seeds and cls.env[name]._auto and not cls.env[name]._transient
        ]
        for demanding in (True, False):
            progress = True
            while waiting and progress:
                progress = False
                for name in list(waiting):
                    needs = {
                        field.comodel_name
                        for field in cls.env[name]._fields.values()
                        if field.type == "many2one"
                        and field.store
                        and (demanding or field.required)
                        and field.comodel_name in waiting
                    } - {name}
                    if not needs:
                        try:
                            with cls.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                                seeds[name] = cls._insert(name, side, seeds)
                        except psycopg2.Error as error:
                            raise AssertionError(
                                f"Say in ROWS which values a row of {name} needs: {error}"
                            ) from error
                        waiting.remove(name)
                        progress = True
                        if not demanding:
                            break
        assert not waiting, f"rows of {waiting} need each other"

    @classmethod
    def _insert(cls, name, side, seeds, **fixed):
        """Insert a row past all Python: what is tested is who reaches it, not how it came about."""
        model = cls.env[name]
        row = {name: cls.env.uid for name in ("create_uid", "write_uid") if name in model._fields}
        for field in model._fields.values():
            if not field.store or not field.column_type or field.name in (*LOG_COLUMNS, "id"):
                continue
            value = cls._value(field, side, seeds)
            if value is not None:
                row[field.name] = value
        row.update(ROWS.get(name, lambda _place: {})(SIDES.index(side)))
        row.update(fixed)
        row = {key: value for key, value in row.items() if value is not None}
        cls.env.cr.execute(
            SQL(
                "INSERT INTO %s (%s) VALUES (%s) RETURNING id",
                SQL.identifier(model._table),
                SQL(", ").join(map(SQL.identifier, row)),
                SQL(", ").join(SQL("%s", value) for value in row.values()),
            )
        )
        return model.browse(cls.env.cr.fetchone()[0])

    @classmethod
    def _seen_in_view(cls, model, seeds):
        """A row that a view makes of the rows of this side."""
        for name in ("office_id", "drive_id", "partner_id"):
            if name in model._fields:
                owner = seeds[model._fields[name].comodel_name]
                if row := model.search([(name, "=", owner.id)], limit=1):
                    return row
        raise AssertionError(f"{model._name} has no row: what makes one?")

    @classmethod
    def _value(cls, field, side, seeds):
        if field.type == "many2one":
            if field.comodel_name in seeds:
                return seeds[field.comodel_name].id or None
            if field.required and field.comodel_name == "res.users":
                return cls.env.uid
            if field.required and not field.comodel_name.startswith("discom."):
                return cls.env[field.comodel_name].sudo().search([], limit=1).id
            return None
        if not field.required and field.type not in ("integer", "float", "monetary", "boolean"):
            return None
        if field.type in ("char", "text", "html"):
            value = "[]" if field.name.endswith("domain") else f"{side} {field.model_name}"
            return SQL("jsonb_build_object('en_US', %s)", value) if field.translate else value
        month = SIDES.index(side) + 1
        simple = {
            "integer": 1,
            "float": 1,
            "monetary": 1,
            "boolean": False,
            "date": f"2026-0{month}-01",
            "datetime": f"2026-0{month}-01 10:00:00",
            "json": "{}",
        }
        if field.type in simple:
            return simple[field.type]
        if field.type == "selection":
            return field.get_values(cls.env)[0]
        return None

    # === THE TABLE === #

    @classmethod
    def _row_for(cls, name, user):
        """A record that ``user`` may see if anybody like him may: his own, or of his office."""
        model = cls.env[name]
        if model._transient or name in ONES_OWN:
            mine = {key: user.id for key in ("create_uid", "user_id") if key in model._fields}
            seeds = dict(cls.sides["own"])
            for field in model._fields.values():
                if field.type == "many2one" and field.required and field.comodel_name in cls.env:
                    if cls.env[field.comodel_name]._transient:
                        seeds[field.comodel_name] = cls._row_for(field.comodel_name, user)
            return cls._insert(name, "own", seeds, **mine)
        return cls.sides["own"][name]

    @classmethod
    def _letters(cls, record, user):
        return "".join(
            letter
            for operation, letter in OPERATIONS.items()
            if record.with_user(user).has_access(operation)
        )

    @classmethod
    def _reach(cls, name):
        """Whose records the roles that may read them reach."""
        if cls.env[name]._transient or name in ONES_OWN:
            return "own"
        readers = [
            user for user in cls.users.values() if cls._letters(cls.sides["own"][name], user)
        ]
        plain = [user for user in readers if user != cls.administrator]
        reach = [
            side
            for side in SIDES
            if any(cls._letters(cls.sides[side][name], user) for user in plain or readers)
        ]
        return {3: "all", 2: "own company", 1: "own offices", 0: "nobody"}[len(reach)]

    @classmethod
    def _table(cls):
        """The text of `docs/roles.md` below its introduction."""
        lines = [
            f"| Model | | Records | Many leave | {' | '.join(ROLES)} |",
            f"|---|---|---|---|{'---|' * len(ROLES)}",
        ]
        requests = cls.env["discom.export.request"]
        sendings, approvals = cls._sendings(), cls._approvals()
        for name in cls.models:
            cells = []
            for user in cls.users.values():
                letters = cls._letters(cls._row_for(name, user), user)
                if any(cls._may(probe, user) for probe in sendings.get(name, {}).values()):
                    letters += "S"
                if name in approvals and cls._may(approvals[name][1], user):
                    letters += "A"
                cells.append(letters or "–")
            leaves = "approved" if requests._is_about_people(name) else "freely"
            if cls.env[name]._transient:
                leaves = "–"
            lines.append(
                f"| `{name}` | {cls.env[name]._description} | {cls._reach(name)} | {leaves}"
                f" | {' | '.join(cells)} |"
            )
        lines += [
            "",
            f"| Shown in full | {' | '.join(ROLES)} |",
            f"|---|{'---|' * len(ROLES)}",
        ]
        for label, name in cls.PERSONAL.items():
            cells = [cls._shown(name, user) for user in cls.users.values()]
            lines.append(f"| {label} | {' | '.join(cells)} |")
        lines += [
            "",
            f"| Action | {' | '.join(ROLES)} |",
            f"|---|{'---|' * len(ROLES)}",
        ]
        for label, probe in cls._probes().items():
            cells = ["yes" if cls._may(probe, user) else "–" for user in cls.users.values()]
            lines.append(f"| {label} | {' | '.join(cells)} |")
        return "\n".join(lines) + "\n"

    @classmethod
    def _may(cls, probe, user):
        """Whether the rules let ``user`` do it; that the record is not ready for it is no rule."""
        savepoint = cls.env.cr.savepoint()
        try:
            with mute_logger("odoo.sql_db"):
                return probe(user) is not False
        except AccessError:
            return False
        except UserError:
            return True
        finally:
            cls.env.transaction.clear()
            savepoint.close(rollback=True)
            cls.env.invalidate_all(flush=False)

    @classmethod
    def _sendings(cls):
        """{model: {purpose: function of the user that sends or is refused}}."""
        own, env = cls.sides["own"], cls.env

        def send(name, purpose):
            return lambda user: own[name].with_user(user)._whatsapp_check_send(purpose)

        return {
            name: {purpose: send(name, purpose) for purpose in env[name]._whatsapp_purposes()}
            for name in env.registry.descendants(["discom.whatsapp.mixin"], "_inherit")
            if not env[name]._abstract and own.get(name)
        }

    @classmethod
    def _approvals(cls):
        """{model: (what is approved, function of the user that does it or is refused)}."""

        def approve(name, state):
            def probe(user):
                record = cls.sides["own"][name]
                cls._set(record, state=state, user_id=cls.counter.id)
                record.with_user(user).action_approve()

            return probe

        return {
            name: (label, approve(name, state))
            for name, label, state in (
                ("discom.bill.run", "Approve a bill run", "checked"),
                ("discom.notice.run", "Approve an arrears run of others", "submitted"),
                ("discom.whatsapp.broadcast", "Approve a broadcast of others", "to_approve"),
                ("discom.export.request", "Approve an export of others", "asked"),
            )
        }

    @classmethod
    def _shown(cls, name, user):
        """Whether a user sees a personal field: of all in the own offices, in the own area, not."""
        consumers = cls.env["res.partner"]
        if consumers.with_user(user)._personal_by_role(consumers._personal_kind(name)):
            return "yes"
        own = cls.sides["own"]["res.partner"].with_user(user)
        return "own area" if own in own._personal_shown(own._personal_kind(name)) else "–"

    @classmethod
    def _probes(cls):
        """{what is done: function of the user that does it or is refused}."""
        own, env = cls.sides["own"], cls.env
        sendings = {
            f"Send: {purpose} (`{name}`)": probe
            for name, probes in cls._sendings().items()
            for purpose, probe in probes.items()
        }
        return {
            **dict(sorted(sendings.items())),
            "Answer in the inbox": lambda user: (
                own["discom.whatsapp.conversation"].with_user(user)._check_may_answer()
            ),
            "Take KYC at the counter": lambda user: (
                env["discom.kyc.counter"].with_user(user)._check_user()
            ),
            "Take payments at the counter": lambda user: (
                env["discom.payment.counter"].with_user(user)._check_user()
            ),
            "Release held bills of others": lambda user: (
                own["discom.bill"].with_user(user)._release("A reason that says something")
            ),
            **dict(cls._approvals().values()),
            "Declare a number an agent's": lambda user: (
                own["res.partner"].with_user(user).action_discom_number_agent()
            ),
            "Export any list": lambda user: user.has_group("base.group_allow_export"),
        }

    @classmethod
    def _set(cls, record, **vals):
        """Set columns past all Python, as far as the model has them."""
        columns = [name for name in vals if name in record._fields]
        cls.env.flush_all()
        for name in columns:
            cls.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = %s WHERE id = %s",
                    SQL.identifier(record._table),
                    SQL.identifier(name),
                    vals[name],
                    record.id,
                )
            )
        cls.env.invalidate_all()
