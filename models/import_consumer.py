import json
import re
from functools import lru_cache

import phonenumbers

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.phone_validation.tools import phone_validation

from ..tools import convert
from .import_column import Column

_MOBILE = re.compile(
    phonenumbers.PhoneMetadata.metadata_for_region("IN").mobile.national_number_pattern
)

SUPPLY_STATUS = {
    "live": "live",
    "l": "live",
    "temporary": "temporary",
    "td": "temporary",
    "permanent": "permanent",
    "pd": "permanent",
}
# Columns of the file to columns of the partner, as the value is staged.
PARTNER_COLUMNS = {
    "name": "name",
    "name_hi": "discom_name_hi",
    "old_account_no": "discom_old_account_no",
    "book_no": "discom_book_no",
    "sc_no": "discom_sc_no",
    "kno": "discom_kno",
    "guardian_name": "discom_guardian_name",
    "mobile": "phone",
    "supply_type": "discom_supply_type",
    "load": "discom_sanctioned_load",
    "load_unit": "discom_load_unit",
    "contract_demand": "discom_contract_demand",
    "phase": "discom_phase",
    "meter_no": "discom_meter_no",
    "meter_make": "discom_meter_make",
    "meter_multiplier": "discom_meter_multiplier",
    "connection_date": "discom_connection_date",
    "status": "discom_status",
    "area": "discom_area",
    "lifeline": "discom_lifeline",
    "unmetered": "discom_unmetered",
    "village": "discom_village",
    "village_hi": "discom_village_hi",
    "street": "street",
    "pin": "zip",
    "security_deposit": "discom_security_deposit",
    "never_paid": "discom_never_paid",
    "long_unpaid": "discom_long_unpaid",
}
# Worked out whole in the plan, so that nothing of what was known comes back.
WHOLE_COLUMNS = {"discom_temporary_date", "discom_permanent_date"}
# Whether the mobile of ``partner`` is better than that of the row ``r``: the history says that the
# last word on it was no consumer master's. Masters repeat for years what was given with the
# application, and what theirs was before is not known here; so one that really has a newer mobile
# does not get through, and it has to be entered where KYC is taken. An equal mobile, as of most
# rows, is not looked up.
_KEEPS_MOBILE = SQL(
    """
    (CASE WHEN r.mobile IS NULL OR r.mobile = partner.phone THEN FALSE
          ELSE COALESCE((SELECT event.source <> 'file' OR job.kind = 'kyc'
                           FROM discom_kyc_event event
                      LEFT JOIN discom_import job
                             ON job.id = substring(event.evidence FROM '#([0-9]{1,9})$')::integer
                          WHERE event.partner_id = partner.id AND event.field = 'phone'
                       ORDER BY event.id DESC
                          LIMIT 1), FALSE) END)
    """
)


@lru_cache(maxsize=convert.CACHE_SIZE)
def sanitize_phone(value):
    """The number as ``phone_sanitized`` holds it: E.164, or None where it is no number.

    Ten digits that the numbering plan has as a mobile number need no parsing, which is the dearest
    part of an import.
    """
    if _MOBILE.fullmatch(value):
        return f"+91{value}"
    try:
        return phone_validation.phone_format(value, "IN", 91, force_format="E164") or None
    except UserError:
        return None


class ResPartner(models.Model):
    _inherit = "res.partner"

    discom_import_hash = fields.Char(
        readonly=True,
        copy=False,
        # Who could write it would keep the row of a later file out.
        groups=fields.NO_ACCESS,
        help="Fingerprint of the row of the consumer master.",
    )


class DiscomImport(models.Model):
    _inherit = "discom.import"

    def _columns_consumer(self):
        text, code = convert.text, convert.code
        return [
            Column("account_no", convert.account, required=True, aliases=("account", "account_id")),
            Column("old_account_no", convert.old_account),
            Column("book_no", convert.short_code),
            Column("sc_no", convert.short_code),
            Column("kno", convert.short_code, aliases=("k_no", "k_number")),
            Column("name", text, aliases=("consumer_name",)),
            Column("name_hi", text),
            Column("guardian_name", text, aliases=("father_name", "guardian")),
            Column("mobile", convert.phone, aliases=("mobile_no", "phone")),
            Column(
                "phone_sanitized", sanitize_phone, source="mobile", aliases=("mobile_no", "phone")
            ),
            Column("category", code, aliases=("tariff", "tariff_category")),
            Column("supply_type", text),
            Column("load", convert.quantity, "numeric", aliases=("sanctioned_load",)),
            Column("load_unit", convert.choice(["kw", "kva", "bhp"])),
            Column("contract_demand", convert.quantity, "numeric"),
            Column("phase", convert.choice(["1", "3"])),
            Column("meter_no", convert.short_code),
            Column("meter_make", text),
            Column("meter_multiplier", convert.quantity, "numeric", aliases=("mf",)),
            Column("connection_date", convert.date, "date"),
            Column("status", convert.choice(SUPPLY_STATUS)),
            # Since when the status holds, and the dates of the disconnection; of a connection that
            # is live again the last ones have passed.
            Column("status_date", convert.date, "date"),
            Column("temporary_date", convert.date, "date", aliases=("td_date",)),
            Column("permanent_date", convert.date, "date", aliases=("pd_date",)),
            Column("area", convert.choice(["urban", "rural"])),
            Column("lifeline", convert.flag, "boolean", aliases=("bpl",)),
            Column("unmetered", convert.flag, "boolean"),
            Column("village", text),
            Column("village_hi", text),
            Column("street", text, aliases=("address",)),
            Column("pin", convert.short_code, aliases=("pincode", "pin_code")),
            Column("office_code", convert.node_code, aliases=("office", "subdivision_code")),
            Column("asset_code", convert.node_code, aliases=("asset", "dt_code")),
            Column("security_deposit", convert.amount, "numeric"),
            Column("never_paid", convert.flag, "boolean"),
            Column("long_unpaid", convert.flag, "boolean"),
        ]

    def _plan_consumer(self, stage):
        return SQL(
            """
            SELECT s.row_no, partner.id AS record_id, office.id AS office_id,
                   asset.id AS asset_id, category.id AS category_id,
                   %(hash)s AS hash, partner.discom_import_hash AS old_hash,
                   COALESCE(s.reason, CASE
                       WHEN s.nth > 1 THEN %(duplicate)s
                       WHEN s.office_code IS NOT NULL AND office.id IS NULL THEN %(no_office)s
                       WHEN s.asset_code IS NOT NULL AND asset.id IS NULL THEN %(no_asset)s
                       WHEN s.category IS NOT NULL AND category.id IS NULL THEN %(no_category)s
                       WHEN partner.id IS NULL AND s.office_code IS NULL THEN %(needs_office)s
                       WHEN partner.id IS NULL AND s.name IS NULL THEN %(needs_name)s
                       WHEN partner.id IS NOT NULL
                            AND NOT partner.discom_office_id = ANY(%(scope)s) THEN %(foreign)s
                       WHEN NOT office.id = ANY(%(scope)s) THEN %(other_office)s
                   END) AS reason
              FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY account_no ORDER BY row_no) AS nth
                      FROM %(stage)s) s
         LEFT JOIN res_partner partner
                ON partner.discom_account_no = s.account_no AND partner.company_id = %(company)s
         LEFT JOIN discom_office office
                ON office.code = s.office_code AND office.company_id = %(company)s
         LEFT JOIN discom_asset asset
                ON asset.code = s.asset_code AND asset.company_id = %(company)s
         LEFT JOIN discom_category category ON category.code = s.category
            """,
            stage=stage,
            hash=self._row_hash(),
            company=self.company_id.id,
            scope=self._scope_sql(),
            duplicate=self._refusal("duplicate", "account_no", SQL("s.account_no")),
            no_office=self._refusal("unknown_office", "office_code", SQL("s.office_code")),
            no_asset=self._refusal("unknown_asset", "asset_code", SQL("s.asset_code")),
            no_category=self._refusal("unknown_category", "category", SQL("s.category")),
            needs_office=self._refusal("needs", "office_code"),
            needs_name=self._refusal("needs", "name"),
            foreign=self._refusal("other_office", "account_no", SQL("s.account_no")),
            other_office=self._refusal("other_office", "office_code", SQL("s.office_code")),
        )

    def _apply_consumer(self, rows):
        self._insert_consumers(rows)
        former = []
        if self.changed_count:
            former = self._former_mobiles(rows) if self._uses("mobile") else []
            self._update_consumers(rows)
        # Read once: as a part of other statements the planner may look for each row by itself.
        self.env.cr.execute(
            SQL(
                """
                WITH r AS MATERIALIZED (%s)
                SELECT p.id FROM r JOIN res_partner p
                    ON p.discom_account_no = r.account_no AND p.company_id = %s
                """,
                rows,
                self.company_id.id,
            )
        )
        consumers = [row[0] for row in self.env.cr.fetchall()]
        if self._uses("name") or self._uses("name_hi"):
            self.env["discom.name.word"]._learn(consumers)
        if self._uses("mobile"):
            self.env["res.partner"]._discom_flag_numbers(consumers, former)
        self.env["res.partner"].invalidate_model()

    def _former_mobiles(self, rows):
        """Return the mobiles that are about to change: who else has them may stand out no more."""
        self.env.cr.execute(
            SQL(
                """
                WITH r AS MATERIALIZED (%s)
                SELECT array_agg(DISTINCT p.phone_sanitized)
                  FROM r JOIN res_partner p
                    ON p.discom_account_no = r.account_no AND p.company_id = %s
                 WHERE p.phone_sanitized IS DISTINCT FROM r.phone_sanitized
                   AND p.phone_sanitized IS NOT NULL
                """,
                rows,
                self.company_id.id,
            )
        )
        return self.env.cr.fetchone()[0] or []

    def _consumer_values(self):
        """Columns of the partner that the file fills, each with its SQL on the rows ``r``."""
        values = {
            target: SQL.identifier("r", source)
            for source, target in PARTNER_COLUMNS.items()
            if self._uses(source)
        }
        if self._uses("village_hi"):
            values["discom_village"] = SQL("COALESCE(r.village, r.village_hi)")
        if self._uses("mobile") or self._uses("phone_sanitized"):
            values["phone_sanitized"] = SQL("r.phone_sanitized")
        if self._uses("name"):
            values["complete_name"] = SQL("r.name")
        values["discom_office_id"] = SQL("r.office_id")
        values["discom_asset_id"] = SQL("r.asset_id")
        values["discom_category_id"] = SQL("r.category_id")
        return values

    def _insert_consumers(self, rows):
        """Insert the new consumers of a batch.

        What the file does not say is taken from a consumer that the ORM makes and that is rolled
        back at once: defaults and stored computes of every installed module included.
        """
        template = self._consumer_template(rows)
        if not template:
            return
        values = self._consumer_values()
        fixed = {
            "id": SQL("r.new_id"),
            "commercial_partner_id": SQL("r.new_id"),
            "discom_account_no": SQL("r.account_no"),
            "discom_import_hash": SQL("r.hash"),
            "create_date": SQL("NOW() AT TIME ZONE 'UTC'"),
            "write_date": SQL("NOW() AT TIME ZONE 'UTC'"),
        }
        columns = sorted({*json.loads(template), *fixed})
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO res_partner (%(columns)s)
                SELECT %(values)s
                  FROM (SELECT new.*, nextval('res_partner_id_seq') AS new_id
                          FROM (%(rows)s) new
                         WHERE new.verdict = 'new') r
            CROSS JOIN jsonb_populate_record(NULL::res_partner, %(template)s::jsonb) t
             RETURNING id, phone, lang
                """,
                columns=SQL(", ").join(map(SQL.identifier, columns)),
                values=SQL(", ").join(
                    fixed[name]
                    if name in fixed
                    else SQL("COALESCE(%s, %s)", values[name], SQL.identifier("t", name))
                    if name in values
                    else SQL.identifier("t", name)
                    for name in columns
                ),
                rows=rows,
                template=template,
            )
        )
        # As of a consumer that the ORM makes: the language is where everybody begins.
        begin = {
            partner_id: json.dumps({"discom_kyc_state": "none", "lang": lang})
            for partner_id, phone, lang in self.env.cr.fetchall()
            if phone
        }
        self.env["discom.kyc.event"]._append(begin, "file", evidence=self._kyc_evidence())

    def _consumer_template(self, rows):
        """JSON text of the row of a consumer that the ORM makes; None where a batch has none."""
        first = self.env.execute_query(
            SQL(
                "SELECT account_no, office_id FROM (%s) r WHERE verdict = 'new' LIMIT 1",
                rows,
            )
        )
        if not first:
            return None
        account_no, office_id = first[0]
        with self.env.cr.savepoint() as savepoint:
            partner = self.env["res.partner"].create(
                {
                    "name": account_no,
                    "discom_consumer": True,
                    "discom_account_no": account_no,
                    "discom_office_id": office_id,
                }
            )
            partner.flush_recordset()
            template = self.env.execute_query(
                SQL("SELECT to_jsonb(p)::text FROM res_partner p WHERE p.id = %s", partner.id)
            )[0][0]
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        return template

    def _update_consumers(self, rows):
        """Update the changed consumers of a batch; an empty cell leaves what is known."""
        values = self._consumer_values()
        for name in {"phone", "phone_sanitized"} & values.keys():
            values[name] = SQL("CASE WHEN NOT %s THEN %s END", _KEEPS_MOBILE, values[name])
        changed = self.env["discom.kyc.event"]._update(
            SQL(
                """
                UPDATE res_partner partner
                   SET %s, discom_import_hash = r.hash, write_uid = %s,
                       write_date = NOW() AT TIME ZONE 'UTC'
                  FROM (%s) r
                 WHERE r.verdict = 'changed' AND partner.id = r.record_id
                """,
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), value)
                    if name in WHOLE_COLUMNS
                    else SQL(
                        "%s = COALESCE(%s, %s)",
                        SQL.identifier(name),
                        value,
                        SQL.identifier("partner", name),
                    )
                    for name, value in values.items()
                ),
                self.env.uid,
                rows,
            ),
            "file",
            evidence=self._kyc_evidence(),
        )
        self.env.cr.execute(
            "SELECT id FROM res_partner WHERE id = ANY(%s) AND parent_id IS NOT NULL", [changed]
        )
        children = [partner_id for (partner_id,) in self.env.cr.fetchall()]
        if children:
            # The name of a connection below a person starts with the name of the person.
            partners = self.env["res.partner"].browse(children)
            self.env.add_to_compute(partners._fields["complete_name"], partners)
            partners.flush_recordset(["complete_name"])
