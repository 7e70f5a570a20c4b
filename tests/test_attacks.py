"""Attacks on what answers without a login, and on workbooks; `SECURITY.md` names the threats."""

import ast
import base64
import io
import json
import re
import time
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
from PIL import Image

from odoo import fields
from odoo.exceptions import UserError
from odoo.http import Controller
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools import file_path, mute_logger

from odoo.addons.discom import controllers

from ..controllers import webhook
from ..models import audit_res_users
from ..tools import kyc_sheet
from .common import DiscomCommon
from .common_whatsapp import WebhookCommon
from .test_bill_page import BillPageCommon

EVIL = "evil.example"
#: Folders of what runs on a server.
RUNNING = ("controllers", "models", "wizards", "reports", "tools")
#: SQL whose text is no constant where it stands: each was read, and comes from our code alone.
REVIEWED_SQL = {
    ("models/import_staging.py", "column.type"),  # type of a column of an import, written there
    ("models/outage_reliability.py", "_INDICES[name]"),  # a constant of that file
    ("models/consumer_kyc_number_flag.py", "kind"),  # integer or varchar, written beside it
    (  # a constant of tools/search.py, in the definition of an index
        "models/consumer_partner_search.py",
        """f"COALESCE(translate(%s, '{SIGNS}', '') || ' ', '')\"""",
    ),
    ("models/whatsapp_message.py", "template"),  # constants in the list above it
    ("models/report_storage.py", "value"),  # a constant of that file
    ("wizards/bill_ledger_statement.py", "'NULLIF(%s, 0)' if name in nothing else '%s'"),
    ("wizards/report_mixin.py", "query"),  # put together of SQL objects above it
    ("models/privacy_erasure.py", "update"),  # put together of SQL objects above it
}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
#: Routes that take a form without Odoo's token, and what stands in its place.
WITHOUT_CSRF = {
    "receive": "signature of the raw body with the app secret",
    "problem": "form token signed for the link, the hour and the database",
}
#: Routes of Odoo that ours only narrow.
NARROWED = {
    "web_json_1": "a list as JSON: refused to the roles",
    "export_xlsx": "the workbook of a pivot: put on record, names in it stay text",
}


def endpoints(narrowed=False):
    """(name, function) of every route of ours, or of those of Odoo's that ours narrow."""
    for module in vars(controllers).values():
        for each in vars(module).values() if hasattr(module, "__file__") else ():
            ours = getattr(each, "__module__", "").startswith("odoo.addons.discom.")
            if ours and isinstance(each, type) and issubclass(each, Controller):
                for name, function in vars(each).items():
                    if hasattr(function, "original_routing") and (name in NARROWED) == narrowed:
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

    def test_routes_of_odoo_stay_as_closed(self):
        found = dict(endpoints(narrowed=True))
        self.assertEqual(found.keys(), NARROWED.keys())
        for name, function in found.items():
            with self.subTest(name):
                opened = {"auth", "cors", "csrf", "routes", "methods"}
                self.assertFalse(opened & function.original_routing.keys())

    def test_routes_are_listed(self):
        """`SECURITY.md` lists each with its method and what it takes, and no other."""
        lines = Path(file_path("discom/SECURITY.md")).read_text().splitlines()
        listed = {
            tuple(cell.strip(" `") for cell in line.split("|")[1:4])
            for line in lines
            if line.startswith("| `/")
        }
        sizes = {None: "nothing", 16 * 1024: "16 KB", 3 * 1024 * 1024: "3 MB"}
        found = {
            (path, *routing["methods"], sizes[routing.get("max_content_length")])
            for _name, function in endpoints()
            for routing in [function.original_routing]
            for path in routing["routes"]
        }
        self.assertEqual(listed, found)


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
        """Workbooks are made in three places, all of which write texts as texts."""
        root = Path(file_path("discom"))
        makers = {
            path.relative_to(root).as_posix()
            for folder in ("models", "wizards", "reports", "tools", "controllers")
            for path in (root / folder).rglob("*.py")
            if "Workbook(" in path.read_text()
        }
        self.assertEqual(makers, {"tools/xlsx.py", "tools/kyc_sheet.py", "tools/person_book.py"})

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


@tagged("post_install", "-at_install")
class TestHandshake(WebhookCommon):
    def test_verify_token_is_not_guessed(self):
        """Wrong handshakes of one address are bounded; a right one passes until then."""
        webhook.HANDSHAKES.clear()
        self.addCleanup(webhook.HANDSHAKES.clear)
        self.patch(webhook.HANDSHAKES, "limit", 3)
        query = {"hub.mode": "subscribe", "hub.challenge": "1"}
        right = query | {"hub.verify_token": self.account.verify_token}
        statuses = [
            self.url_open(self.path, params=query | {"hub.verify_token": f"guess{n}"}).status_code
            for n in range(5)
        ]
        self.assertEqual(statuses, [403, 403, 403, 429, 429])
        self.assertEqual(self.url_open(self.path, params=right).status_code, 200)

    def test_forged_calls_of_all_sizes_leave_nothing(self):
        """Without the secret nothing is stored, however much is sent."""
        events = self.env["discom.whatsapp.event"]
        count = events.search_count([])
        for body in (b"", b"{}", b"x" * 100_000, b"\x00" * 1000):
            for signature in ("", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "é"):
                with self.subTest(size=len(body), signature=signature[:8]):
                    headers = {"Content-Type": "application/json"}
                    if signature:
                        headers["X-Hub-Signature-256"] = signature.encode()
                    response = self.url_open(self.path, data=body or b" ", headers=headers)
                    self.assertEqual(response.status_code, 403)
        self.assertEqual(events.search_count([]), count)


@tagged("post_install", "-at_install")
class TestSources(TransactionCase):
    """What can be read off the code itself."""

    def sources(self, *folders):
        root = Path(file_path("discom"))
        for folder in folders:
            for path in sorted((root / folder).rglob("*.py")):
                yield path.relative_to(root).as_posix(), path.read_text()

    def test_no_sql_is_made_from_strings(self):
        """The text of each statement is a constant; what varies is passed beside it."""
        found = set()
        for name, text in self.sources(*RUNNING):
            for node in ast.walk(ast.parse(text)):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                function = node.func
                called = getattr(function, "attr", None) or getattr(function, "id", "")
                first = node.args[0]
                if called == "SQL":
                    harmless = isinstance(first, ast.Constant)
                elif called in ("execute", "execute_values", "execute_query"):
                    # A method of ours that returns SQL is looked at where it makes it.
                    harmless = isinstance(first, ast.Constant | ast.Call)
                    if isinstance(first, ast.Call):
                        maker = first.func
                        maker = getattr(maker, "attr", None) or getattr(maker, "id", "")
                        harmless = (
                            maker in ("SQL", "select", "subselect")
                            or "sql" in maker
                            or "query" in maker
                        )
                else:
                    continue
                if not harmless:
                    found.add((name, ast.unparse(first)))
        self.assertEqual(found - REVIEWED_SQL, set())

    def test_no_secret_in_code_or_data(self):
        """No token, key or password stands in what is installed; the demo has its own."""
        root = Path(file_path("discom"))
        secret = re.compile(
            r"EAA[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY"
            r"|(?i:(?:password|passwd|api_key|app_secret|access_token)[\"']?\s*[:=]\s*[\"'][^\"'{}<>\s]{6,})"
        )
        for name, text in self.sources(*RUNNING):
            with self.subTest(name):
                self.assertEqual(secret.findall(text), [])
        for path in (root / "data").rglob("*.xml"):
            with self.subTest(path.name):
                self.assertEqual(secret.findall(path.read_text()), [])
                self.assertNotRegex(
                    path.read_text(), r'name="(?:password|access_token|app_secret)"'
                )

    def test_nothing_is_evaluated_or_unpickled(self):
        """Texts of others never become code."""
        calls = {"eval", "exec", "compile", "__import__", "loads"}
        modules = {"pickle", "marshal", "shelve", "yaml"}
        for name, text in self.sources(*RUNNING):
            for node in ast.walk(ast.parse(text)):
                with self.subTest(name):
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                        self.assertNotIn(node.func.id, calls)
                    if isinstance(node, ast.Import):
                        self.assertFalse({alias.name for alias in node.names} & modules)


@tagged("post_install", "-at_install")
class TestUploads(DiscomCommon):
    def test_photos_are_photos_by_content(self):
        """A drawing with a script, a page, a program and a torn picture are refused as photos."""
        consumer = self.create_consumer()
        hostile = {
            "svg": SVG,
            "page": b"<html><script>alert(1)</script></html>",
            "program": b"MZ" + bytes(200),
            "torn": b"\x89PNG\r\n\x1a\n" + bytes(20),
        }
        for kind, content in hostile.items():
            with self.subTest(kind), self.assertRaises(UserError), self.cr.savepoint():
                consumer.with_user(self.counter).discom_kyc_form = base64.b64encode(content)
        target = io.BytesIO()
        Image.new("RGB", (20, 20)).save(target, "JPEG")
        consumer.with_user(self.counter).discom_kyc_form = base64.b64encode(target.getvalue())
        self.assertTrue(consumer.discom_kyc_form)

    def test_every_picture_of_ours_is_looked_at(self):
        attachments = self.env["ir.attachment"]
        pictures = [
            (name, field.name)
            for name, model in self.env.registry.items()
            if not model._abstract
            for field in model._fields.values()
            if isinstance(field, fields.Image)
            and field.store
            and not field.related
            and (name.startswith("discom.") or field.name.startswith("discom_"))
        ]
        self.assertGreaterEqual(len(pictures), 4)
        for model, name in pictures:
            with self.subTest(model=model, field=name), self.assertRaises(UserError):
                attachments.create(
                    {"name": name, "res_model": model, "res_field": name, "res_id": 1, "raw": SVG}
                )


@tagged("post_install", "-at_install")
class TestStolenSession(DiscomCommon, HttpCase):
    """What a session gives away is on record, and ends when the password changes."""

    def test_session_ends_with_the_password(self):
        self.authenticate("test_clerk", "test_clerk")
        answer = self.url_open("/web/session/get_session_info", json={}).json()
        self.assertEqual(answer["result"]["uid"], self.clerk.id)
        self.clerk.password = "An0ther-Passw0rd"  # noqa: S105
        self.env.flush_all()
        with mute_logger("odoo.http"):
            answer = self.url_open("/web/session/get_session_info", json={}).json()
        self.assertNotIn("result", answer)

    def sign_in(self, password, login="test_clerk"):
        """Try a password on the login page; return the page that comes of it."""
        page = self.url_open("/web/login").text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        with mute_logger("odoo.addons.base.models.res_users"):
            return self.url_open(
                "/web/login", data={"login": login, "password": password, "csrf_token": token}
            )

    def failures(self):
        return self.env["discom.audit.entry"].search_count(
            [("kind", "=", "sign_in_failed"), ("user_id", "=", self.clerk.id)]
        )

    def test_password_is_guessed_a_few_times_only(self):
        """Odoo refuses an address after some failures, and each failure is on record."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 3)
        self.env["ir.config_parameter"].set_param("base.login_cooldown_duration", 600)
        self.env.registry._login_failures = defaultdict(lambda: (0, datetime.min))
        self.addCleanup(self.env.registry._login_failures.clear)
        for number in range(6):
            self.sign_in(f"guess {number}")
        self.assertEqual(
            self.failures(), 3, "then the address is refused before anything is compared"
        )

    def test_other_workers_count_wrong_passwords_as_well(self):
        """Odoo's own limit is of each process. Beyond ours nothing is compared, not the right
        password either; other users and other addresses are not shut out by it."""
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 0)
        self.sign_in("guess")
        [address] = (
            self.env["discom.audit.entry"]
            .search([("kind", "=", "sign_in_failed"), ("user_id", "=", self.clerk.id)])
            .mapped("ip")
        )
        log = self.env["discom.audit.entry"].with_user(self.clerk)._log_many
        elsewhere = {"kind": "sign_in_failed", "ip": "203.0.113.7"}
        earlier = {
            "kind": "sign_in_failed",
            "ip": address,
            "at": fields.Datetime.now() - timedelta(minutes=16),
        }
        log([elsewhere, earlier] * audit_res_users.GUESSES)
        log([{"kind": "sign_in_failed", "ip": address}] * (audit_res_users.GUESSES - 2))
        self.sign_in("one more")
        wrong = self.failures()
        answer = self.sign_in("test_clerk")
        self.assertIn("Too many wrong passwords", answer.text)
        self.sign_in("yet another")
        self.assertEqual(self.failures(), wrong)
        self.sign_in("test_clerk_b", "test_clerk_b")
        answer = self.url_open("/web/session/get_session_info", json={}).json()
        self.assertEqual(answer["result"]["uid"], self.clerk_b.id)
