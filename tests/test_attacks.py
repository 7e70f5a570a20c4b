"""Attacks on what answers without a login, and on workbooks; `SECURITY.md` names the threats."""

import io
import json
import time
from pathlib import Path

import openpyxl

from odoo.http import Controller
from odoo.tests import TransactionCase, tagged
from odoo.tools import file_path

from odoo.addons.discom import controllers

from ..tools import kyc_sheet
from .common_whatsapp import WebhookCommon
from .test_bill_page import BillPageCommon

EVIL = "evil.example"
#: Routes that take a form without Odoo's token, and what stands in its place.
WITHOUT_CSRF = {
    "receive": "signature of the raw body with the app secret",
    "problem": "form token signed for the link, the hour and the database",
}


def endpoints():
    """(name, function) of every route of ours."""
    for module in vars(controllers).values():
        for each in vars(module).values() if hasattr(module, "__file__") else ():
            if isinstance(each, type) and issubclass(each, Controller):
                for name, function in vars(each).items():
                    if hasattr(function, "original_routing"):
                        yield name, function


@tagged("post_install", "-at_install")
class TestEveryRoute(TransactionCase):
    def test_routes_are_closed_by_default(self):
        """No route of ours has a session; what takes a body is bounded and has its own token."""
        found = dict(endpoints())
        self.assertGreaterEqual(len(found), 5)
        posts = set()
        for name, function in found.items():
            routing = function.original_routing
            with self.subTest(name):
                self.assertEqual(routing["auth"], "none")
                self.assertIs(routing["save_session"], False)
                self.assertNotIn("cors", routing)
                self.assertIn(routing["methods"], (["GET"], ["POST"]))
                if routing["methods"] == ["POST"]:
                    posts.add(name)
                    self.assertLessEqual(routing["max_content_length"], 3 * 1024 * 1024)
                else:
                    self.assertTrue(routing["readonly"], "a link that is opened changes nothing")
        self.assertEqual(posts, set(WITHOUT_CSRF))


@tagged("post_install", "-at_install")
class TestPublicPageAttacks(BillPageCommon):
    def test_host_header_leads_nowhere(self):
        """A host name from outside gets into no link of the page and into no redirect."""
        for headers in ({"X-Forwarded-Host": EVIL}, {"Forwarded": f"host={EVIL}"}):
            with self.subTest(headers):
                response = self.open(self.path(), headers=headers)
                self.assertEqual(response.status_code, 200)
                self.assertNotIn(EVIL, response.text + str(response.headers))
        self.assertNotIn(EVIL, self.bill._public_url())

    def test_no_redirect_elsewhere(self):
        """After the form the page of the same bill opens, whatever address was asked for."""
        page = self.open(self.path()).text
        token = page.split('name="form" value="')[1].split('"')[0]
        response = self.open(
            f"{self.path()}/problem?redirect=https://{EVIL}&lang=//{EVIL}",
            data={"kind": "reading", "text": "x", "form": token, "next": f"//{EVIL}"},
        )
        self.assertEqual(response.status_code, 303)
        location = response.headers["Location"].removeprefix(self.base_url())
        self.assertTrue(location.startswith(f"{self.path()}?"), location)
        self.assertNotIn(EVIL, location)

    def test_session_of_somebody_else_is_not_taken(self):
        """A session planted in the browser is neither used nor given back."""
        self.opener.cookies["session_id"] = "0" * 84
        response = self.open(self.path())
        self.assertEqual(response.status_code, 200)
        self.assertNotIn("Set-Cookie", response.headers)

    def test_no_other_methods(self):
        for method, path in (
            ("POST", self.path()),
            ("PUT", self.path()),
            ("DELETE", self.path()),
            ("GET", f"{self.path()}/problem"),
        ):
            with self.subTest(method=method, path=path):
                response = self.opener.request(method, self.base_url() + path)
                self.assertIn(response.status_code, (400, 404, 405))


@tagged("post_install", "-at_install")
class TestWebhookReplay(WebhookCommon):
    def test_old_signed_body_does_nothing_again(self):
        """START, caught on its way and posted again after STOP, brings no consent back."""
        partner = self.create_consumer(lang="hi_IN")
        bodies = [self._body(partner, "START", 1), self._body(partner, "STOP", 2)]
        for body in (*bodies, bodies[0], bodies[0]):
            self.assertEqual(self.post(body).status_code, 200)
            self.apply()
        self.assertEqual(partner.discom_consent_bills, "withdrawn")
        inbound = self.env["discom.whatsapp.message"].search(
            [("direction", "=", "in"), ("account_id", "=", self.account.id)]
        )
        self.assertEqual(len(inbound), 2)

    def test_signature_of_another_body(self):
        """A signature is good for one body only."""
        partner = self.create_consumer(lang="hi_IN")
        stop, start = self._body(partner, "STOP", 3), self._body(partner, "START", 4)
        signature = self.sign(json.dumps(stop).encode())
        self.assertEqual(self.post(start, signature).status_code, 403)

    def _body(self, partner, text, number):
        phone = partner.discom_whatsapp_number.lstrip("+")
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": self.account.phone_number_id},
            "contacts": [{"wa_id": phone, "profile": {"name": "Ram"}}],
            "messages": [
                {
                    "from": phone,
                    "id": f"wamid.R{number}",
                    "timestamp": str(int(time.time()) - 600 + number),
                    "type": "text",
                    "text": {"body": text},
                }
            ],
        }
        return {
            "object": "whatsapp_business_account",
            "entry": [
                {"id": self.account.waba_id, "changes": [{"field": "messages", "value": value}]}
            ],
        }


@tagged("post_install", "-at_install")
class TestWorkbooks(TransactionCase):
    def test_every_workbook_is_made_without_formulas_of_others(self):
        """Workbooks are made in two places, both of which write texts as texts."""
        root = Path(file_path("discom"))
        makers = {
            path.relative_to(root).as_posix()
            for folder in ("models", "wizards", "reports", "tools", "controllers")
            for path in (root / folder).rglob("*.py")
            if "Workbook(" in path.read_text()
        }
        self.assertEqual(makers, {"tools/xlsx.py", "tools/kyc_sheet.py"})

    def test_sheet_of_the_village(self):
        """Names that begin like a formula come into the workbook as text (`tools/xlsx.py` has its
        own test, `test_report.py::test_texts_are_never_formulas`)."""
        names = ['=HYPERLINK("http://evil.example")', "+1+1", "-1", "@SUM(1)", "\t=1+1"]
        target = io.BytesIO()
        kyc_sheet.write_sheet(
            target,
            title=names[0],
            columns=[kyc_sheet.SheetColumn(header=names[0], width=20)],
            rows=[[name] for name in names],
            count=len(names),
            notice=[names[0]],
            texts={"data": "Data", "notice": "Notice", "page": "&P"},
        )
        book = openpyxl.load_workbook(target)
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value]
        self.assertGreaterEqual(len(cells), len(names))
        self.assertFalse([cell.value for cell in cells if cell.data_type == "f"])
