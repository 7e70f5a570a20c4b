"""What is done for many records at once, measured by the number of queries."""

from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo import fields
from odoo.models import BaseModel
from odoo.sql_db import Cursor
from odoo.tools import SQL

from ..dev.bench.client import Client
from .common_whatsapp import WhatsappCommon
from .test_import import BILLS, CONSUMERS, ImportCommon

#: Queries by which many may cost more than few: the ORM writes a hundred rows at a time.
SLACK = 6


class Group:
    """Consumers of one sub-division, some or many, with a transformer of their own."""

    def __init__(self, case, name, count, place):
        self.name = name
        self.office = case.create_office(f"Queries {name}", "subdivision", case.division_a)
        self.transformer = case.create_asset(
            f"Queries {name}", "transformer", self.office, case.feeder_a1
        )
        self.first = 8_127_461_000 + 1_000 * place
        self.count = count

    @property
    def accounts(self):
        """Account numbers of the consumers, as texts."""
        return [str(self.first + number) for number in range(self.count)]


class QueriesCommon(WhatsappCommon, ImportCommon):
    """Three groups of consumers, a few, some and many, for whom the same is done.

    A query for each record would be a hundred more for many; at the size of a division it would be
    hours.
    """

    #: Consumers of the groups; the first fills the caches.
    sizes = (3, 20, 200)
    #: Kinds of files that are taken in for all groups before the tests.
    filled = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = ("warm", "few", "many")
        cls.groups = [
            Group(cls, name, count, place)
            for place, (name, count) in enumerate(zip(names, cls.sizes, strict=True))
        ]
        cls.create_template("queries_due", "overdue", "नमस्ते {{name}}, आपका बिल {{amount}} बाकी है।")
        cls.create_template(
            "queries_outage",
            "outage_unplanned",
            "सूचना: {{area}} में बिजली बन्द है।",
            model="discom.outage",
        )
        cls.fill(*cls.filled)

    # === HELPERS === #

    def assert_constant(self, function, title="", each=0):
        """``function`` of a group costs the same whatever the size of the group.

        A small group comes first and fills the caches.

        :param int each: queries that a record may cost nevertheless
        """
        costs, statements = [], []
        for group in self.groups:
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with self.counted_statements() as counted:
                function(group)
                self.env.flush_all()
            costs.append(self.env.cr.sql_log_count - before)
            statements.append(counted)
        _warm, few, many = costs
        self.assertGreater(few, 0, title)
        more = (statements[2] - statements[1]).most_common(3)
        most = few + SLACK + each * (self.sizes[2] - self.sizes[1])
        self.assertLessEqual(many, most, f"{title} {costs} for {self.sizes}: {more}")

    @contextmanager
    def counted_statements(self):
        """Count the statements, as texts without their values."""
        counted = Counter()
        execute = Cursor.execute

        def count(cr, query, *args, **kwargs):
            text = query.code if isinstance(query, SQL) else str(query)
            counted[" ".join(text.split())[:300]] += 1
            return execute(cr, query, *args, **kwargs)

        with patch.object(Cursor, "execute", count):
            yield counted

    def assert_steps(self, *steps):
        """Each step is done for all groups before the next one, and costs the same for each."""
        for step in steps:
            with self.subTest(step.__name__):
                self.assert_constant(step, step.__name__)

    def each(self, function):
        """``{group: function(group)}``: what the groups have before it is measured.

        Records come as from a list, by their ids: those of a field are read one by one once its
        owner is out of the cache.
        """
        found = {group: function(group) for group in self.groups}
        self.env.flush_all()
        return {
            group: value.browse(value.ids) if isinstance(value, BaseModel) else value
            for group, value in found.items()
        }

    def set_rows(self, records, **values):
        """Write columns past all that follows from them, at the cost of one query."""
        self.env.flush_all()
        names = ", ".join(f'"{name}" = %s' for name in values)
        self.env.cr.execute(
            f'UPDATE "{records._table}" SET {names} WHERE id = ANY(%s)',  # noqa: S608
            [*values.values(), list(records.ids)],
        )
        self.env.invalidate_all()

    def dialog(self, action, user, **values):
        """Confirm the dialog of an action as ``user``."""
        model = self.env[action["res_model"]].with_user(user)
        if action.get("res_id"):
            wizard = model.browse(action["res_id"])
            wizard.write(values)
        else:
            wizard = model.with_context(**action["context"]).create(values)
        return wizard.action_apply()

    def write_workbook(self, model, **values):
        """Write the workbook of a report as the manager."""
        report = self.env[model].with_user(self.manager).create({"lang": "hi_IN", **values})
        with TemporaryDirectory() as folder:
            report._write_workbook(Path(folder) / "report.xlsx")
        self.assertTrue(report._report_count())
        return report

    @classmethod
    def fill(cls, *kinds):
        """Take in the files of ``kinds`` for all groups, for what is measured after them."""
        for kind in kinds:
            for group in cls.groups:
                cls.take_in(kind, group)

    @classmethod
    def take_in(cls, kind, group):
        """Take in a file of the group; every row has to be good."""
        job = cls.run_import(kind, getattr(cls, f"{kind}_rows")(group))
        if job.new_count + job.changed_count != group.count:
            raise AssertionError(job.findings)
        if kind == "bill":
            job.action_issue_bills()

    @classmethod
    def consumer_rows(cls, group):
        return [
            CONSUMERS,
            *(
                f"{account},Asha {account},आशा,,LMV-1,1,kw,{group.office.code},"
                f"{group.transformer.code},0"
                for account in group.accounts
            ),
        ]

    @classmethod
    def kyc_rows(cls, group):
        return [
            "account_no,whatsapp_number,consent_bills,consent_outages,consent_dues,source",
            *(f"{account},94{int(account) % 10**8:08d},1,1,1,field" for account in group.accounts),
        ]

    @classmethod
    def bill_rows(cls, group):
        return [
            BILLS,
            *(
                f"Q{account},{account},2026-11,2026-11-05,2026-11-20,MU,180,677.50,180,0,0,0,0,"
                "857.50,857.50,"
                for account in group.accounts
            ),
        ]

    @classmethod
    def payment_rows(cls, group):
        return [
            "reference,account_no,date,amount,mode",
            *(f"Q{account},{account},2026-11-07,60.00,online" for account in group.accounts),
        ]

    def incoming(self, phone, text="", button=""):
        """A message from ``phone`` as the webhook hands it over: words, or a button pressed."""
        return {
            "wamid": f"wamid.{phone}.{text}.{button}",
            "phone": phone,
            "timestamp": int(fields.Datetime.now().timestamp()),
            "type": "interactive" if button else "text",
            "text": text,
            "payload": button,
            "context_wamid": "",
            "profile_name": "",
            "phone_number_id": self.account.phone_number_id,
            "user_id": "",
            "new_phone": "",
            "media": {},
            "error_code": None,
            "account_id": self.account.id,
        }

    def partners(self, group):
        return self.env["res.partner"].search([("discom_office_id", "=", group.office.id)])

    def bills(self, group):
        return self.env["discom.bill"].search([("office_id", "=", group.office.id)])

    def open(self, action, group, domain=None):
        """Open the list of an action with the rows of a group."""
        client = Client(self.env(user=self.manager))
        values = action._get_action_dict()
        values["views"] = [view for view in values["views"] if view[1] == "list"]
        office = "discom_office_id" if action.res_model == "res.partner" else "office_id"
        values["domain"] = domain or f"[('{office}', '=', {group.office.id})]"
        return next(client.action_pages(values, action.name)).run()
