import io
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from openpyxl import load_workbook

from odoo import fields
from odoo.http import content_disposition
from odoo.tests import HttpCase, tagged

from .common_control_room import ControlRoomBase


class TourCommon(HttpCase, ControlRoomBase):
    """The browser has no frozen clock: what it looks at is of this day, which begins in India five
    and a half hours before it begins for the browser."""

    def setUp(self):
        super().setUp()
        self.feeder_a1.name = "Tour feeder"
        now = self.env.cr.now().replace(microsecond=0)
        self.today = fields.Date.today()
        self.people(4)
        outside = self.people(3, discom_office_id=self.subdivision_a2.id)
        outside[:2].discom_whatsapp_number = False
        bill = self.env["discom.bill"].create(
            {
                "partner_id": outside[0].id,
                "period": self.today.replace(day=1),
                "bill_date": self.today,
                "due_date": self.today + timedelta(days=15),
                "basis_id": self.basis_mu.id,
                "line_ids": [(0, 0, {"head": "energy", "amount": 100})],
            }
        )
        self.force_issue(bill)
        self.pay(60, self.today, outside[0])
        self.message(outside[2], "delivered", claimed_at=now)
        self.outage(self.feeder_a1, date_start=now, date_end_expected=False)


@tagged("post_install", "-at_install")
class TestControlRoomDesk(TourCommon):
    def test_desk(self):
        """The app opens in the control room; a figure leads to its records, by keyboard, too."""
        self.start_tour("/odoo", "discom_control_room", login="test_manager")

    def test_field_staff_begin_with_their_list(self):
        """It is not what a manager or a counter clerk begins with, nor who chose a screen."""

        def begins(user):
            self.authenticate(user.login, user.login)
            return self.make_jsonrpc_request("/web/session/get_session_info")["home_action_id"]

        list_action = self.env.ref("discom.discom_kyc_field_action")
        self.assertEqual(begins(self.surveyor), list_action.id)
        for user in (self.counter, self.manager):
            self.assertFalse(begins(user))
        self.surveyor.action_id = self.env.ref("discom.discom_consumer_action").id
        self.assertEqual(begins(self.surveyor), self.surveyor.action_id.id)

    def test_first_steps(self):
        """A division without consumers is told what to do first."""
        office = self.create_office("Empty", "division", self.discom)
        self.create_user("test_room_clerk", "group_billing_clerk", office)
        self.start_tour("/odoo/control-room", "discom_control_room_empty", login="test_room_clerk")

    def test_workbooks_of_pivots(self):
        """Each report opens as a pivot, and its download makes a workbook, which has the figures
        of the records."""
        names, files = [], []

        def note(filename):
            names.append(filename)
            return content_disposition(filename)

        def new_file():
            files.append(io.BytesIO())
            return files[-1]

        pivot = "odoo.addons.web.controllers.pivot"
        with (
            patch(f"{pivot}.content_disposition", note),
            patch(f"{pivot}.io", SimpleNamespace(BytesIO=new_file)),
        ):
            self.start_tour(
                "/odoo/control-room", "discom_pivots", login="test_manager", timeout=180
            )
        self.assertEqual(len(names), 6, names)
        self.assertTrue(all(name.endswith(".xlsx") for name in names))
        books = {
            name: load_workbook(file).worksheets[0] for name, file in zip(names, files, strict=True)
        }
        [sheet] = [sheet for name, sheet in books.items() if "discom.bill)" in name]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        [total] = [row for row in rows if row[0] == "Total"]
        bills = self.env["discom.bill"].with_user(self.manager)
        bills = bills.search([("period", ">=", self.today.replace(day=1))])
        self.assertTrue(bills)
        self.assertEqual(
            total[-2:], [sum(bills.mapped("amount_total")), sum(bills.mapped("amount_due"))]
        )


@tagged("post_install", "-at_install")
class TestControlRoomPhone(TourCommon):
    browser_size = "390x844"
    touch_enabled = True

    def test_phone(self):
        """An officer opens the app on a phone, sees the outages first and opens one."""
        self.start_tour("/odoo", "discom_control_room_phone", login="test_operator")
