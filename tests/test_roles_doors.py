"""The table of `docs/roles.md` by each door: imports, RPC, prints, chatter, what the webhook makes.

`test_roles.py` tries records, lists, groups, exports and buttons; here are the other ways in.
"""

import base64
import hashlib
import hmac
import json
import time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .common_mask import PIXEL
from .common_roles import SIDES
from .common_roles_table import QUIET, RolesTable

#: Reports of ours as the web client asks for them.
PRINTS = {
    "discom.bill": "discom.report_bill",
    "discom.payment": "discom.report_payment",
    "discom.notice": "discom.report_notice",
    "res.partner": "discom.report_ledger",
}
LOUD = (*QUIET, "odoo.models", "odoo.addons.mail.models.mail_thread")
SECRET = "s3cret of the webhook"  # noqa: S105


@tagged("post_install", "-at_install")
class TestRolesDoors(RolesTable):
    def stored(self):
        """Names of the models whose records belong to an office or a company."""
        return [
            name
            for name in self.models
            if not self.env[name]._transient and self.reach[name] != "own"
        ]

    def everybody(self):
        return {**self.users, **self.strangers}.items()

    # === IMPORT === #

    def test_import(self):
        """A list that is imported changes and makes no more than the form."""
        before = {name: self._rows(name) for name in self.stored()}
        tried = 0
        for number, name in enumerate(self.stored()):
            model = self.env[name]
            column = self._column(model)
            for place, (role, user) in enumerate(self.everybody()):
                expected = {
                    side: self._expected(name, role, side) if role in self.users else ""
                    for side in SIDES
                }
                attempts = [
                    ([".id", column], [str(self.sides[side][name].id), ""])
                    for side in ("own", "foreign")
                    if "W" not in expected[side]
                ]
                if not any("C" in letters for letters in expected.values()):
                    attempts.append(([column], ["x"]))
                if not attempts:
                    continue
                # One of them for each role, in turn: the doors behind it are the same.
                header, row = attempts[(number + place) % len(attempts)]
                tried += 1
                with self.subTest(model=name, role=role, row=row), mute_logger(*LOUD):
                    try:
                        loaded = model.with_user(user).load(header, [row])
                    except AccessError:
                        continue
                    self.assertFalse(loaded["ids"])
                    self.assertTrue(loaded["messages"])
        self.assertGreater(tried, 700)
        self.env.invalidate_all(flush=False)
        for name, rows in before.items():
            self.assertEqual(self._rows(name), rows, name)

    def _rows(self, name):
        """Number of the records of a model, and what stands in the three."""
        model = self.env[name].with_context(active_test=False)
        column = self._column(model)
        records = model.union(*(self.sides[side][name] for side in SIDES))
        return model.search_count([]), records.mapped(column)

    # === RPC === #

    def test_rpc_of_every_role(self):
        """JSON-2 for each role and model, XML-RPC for one role of each model in turn."""
        self.env.flush_all()
        tomorrow = fields.Datetime.add(fields.Datetime.now(), days=1)
        for place, (role, user) in enumerate(self.users.items()):
            keys = self.env["res.users.apikeys"].with_user(user)
            key = keys._generate("rpc", "doors", tomorrow)
            headers = {"Authorization": f"Bearer {key}"}
            for number, name in enumerate(self.stored()):
                ids = [self.sides[side][name].id for side in SIDES]
                readable = {
                    self.sides[side][name].id for side in SIDES if self._expected(name, role, side)
                }
                domain = [("id", "in", ids)]
                context = {"active_test": False}
                with self.subTest(role=role, model=name), mute_logger(*LOUD):
                    answer = self.url_open(
                        f"/json/2/{name}/search",
                        json={"domain": domain, "context": context},
                        headers=headers,
                    )
                    found = answer.json() if answer.status_code == 200 else []
                    self.assertEqual(set(found), readable)
                    if number % len(self.users) == place and readable:
                        call = (self.env.cr.dbname, user.id, key, name, "search", [domain])
                        found = self.xmlrpc_object.execute_kw(*call, {"context": context})
                        self.assertEqual(set(found), readable)

    # === PRINTS === #

    def test_prints(self):
        """Nobody prints a document that is not seen, alone or among others."""
        pages = 0
        for role, user in self.everybody():
            login = None if role == "public" else user.login
            self.authenticate(login, login)
            for name, report in PRINTS.items():
                for side in SIDES:
                    record = self.sides[side][name]
                    if record.with_user(user).has_access("read"):
                        pages += 1
                        continue
                    for kind in ("pdf", "html"):
                        with self.subTest(role=role, model=name, side=side, kind=kind):
                            with mute_logger(*LOUD):
                                answer = self.url_open(
                                    f"/report/{kind}/{report}/{record.id}", allow_redirects=False
                                )
                            self.assertNotEqual(answer.status_code, 200)
                            self.assertNotIn(b"%PDF", answer.content)
                    # Behind one that is seen, and by the button of the web client.
                    path = f"/report/pdf/{report}/{self.sides['own'][name].id},{record.id}"
                    for params in ({}, {"data": json.dumps([path, "qweb-pdf"])}):
                        with self.subTest(role=role, model=name, side=side, params=params):
                            with mute_logger(*LOUD, "odoo.addons.web.controllers.report"):
                                answer = self.url_open(
                                    "/report/download" if params else path,
                                    params=params,
                                    allow_redirects=False,
                                )
                            self.assertNotIn(b"%PDF", answer.content)
        self.assertGreater(pages, 20)

    # === FILES, CHATTER, ACTIVITIES === #

    def test_writing_to_foreign_records(self):
        """Nobody hangs a file, a message or an activity on a record not seen, or follows it."""
        files, activities = self.env["ir.attachment"], self.env["mail.activity"]
        to_do = self.env.ref("mail.mail_activity_data_todo").id
        for name in [*self.stored(), "res.partner"]:
            record = self.sides["foreign"][name]
            chatter = hasattr(record, "message_post") and self.env[name]._auto
            for role, user in self.everybody():
                if record.with_user(user).has_access("read"):
                    continue
                hung = {"res_model": name, "res_id": record.id}
                seen = record.with_user(user)
                attempts = {
                    "file": lambda user=user, hung=hung: files.with_user(user).create(
                        {"name": "x", "raw": b"x", **hung}
                    )
                }
                if chatter:
                    model_id = self.env["ir.model"]._get_id(name)
                    attempts |= {
                        "message": lambda seen=seen: seen.message_post(body="x"),
                        "colleague": lambda seen=seen: seen.message_subscribe(
                            self.clerk_b.partner_id.ids
                        ),
                        "activity": lambda user=user, record=record, model_id=model_id: (
                            activities.with_user(user).create(
                                {
                                    "res_model_id": model_id,
                                    "res_id": record.id,
                                    "activity_type_id": to_do,
                                }
                            )
                        ),
                    }
                for door, attempt in attempts.items():
                    with self.subTest(model=name, role=role, door=door):
                        with self.assertRaises(AccessError), mute_logger(*LOUD):
                            with self.cr.savepoint():
                                attempt()
                if chatter:
                    # Odoo says nothing to who would follow it himself.
                    self.assertFalse(seen.message_subscribe(seen.env.user.partner_id.ids))

    def test_files_of_fields(self):
        """Photos, files of imports and what consumers sent, by their address in the web client."""
        picture = base64.b64decode(PIXEL)
        places = [
            (name, field.name)
            for name in [*self.stored(), "res.partner"]
            for field in self.env[name]._fields.values()
            if field.type == "binary" and field.store and field.attachment and not field.related
            if name != "res.partner" or field.name.startswith("discom_")
        ]
        self.assertGreater(len(places), 5)
        for name, field in places:
            for side in ("own", "foreign"):
                record = self.sides[side][name]
                values = {"res_model": name, "res_id": record.id, "res_field": field}
                self.env["ir.attachment"].create({**values, "name": field, "raw": picture})
        self.env.invalidate_all()
        opened = 0
        for role, user in self.everybody():
            login = None if role == "public" else user.login
            self.authenticate(login, login)
            for name, field in places:
                for side in ("own", "foreign"):
                    record = self.sides[side][name]
                    seen = record.with_user(user).has_access("read")
                    for door in ("content",) if seen else ("content", "image"):
                        with self.subTest(role=role, model=name, field=field, side=side):
                            with mute_logger(*LOUD):
                                answer = self.url_open(f"/web/{door}/{name}/{record.id}/{field}")
                            if seen:
                                opened += answer.content == picture
                            else:
                                self.assertNotEqual(answer.content, picture)
        self.assertGreater(opened, 10)

    def test_chatter_over_http(self):
        """The chatter of foreign records as the web client asks for it."""
        names = ("res.partner", "discom.bill", "discom.complaint", "discom.whatsapp.conversation")
        records = [self.sides["foreign"][name] for name in names]
        records = [record for record in records if hasattr(record, "message_post")]
        for record in records:
            record.message_post(body="told in confidence")
        for role, user in self.everybody():
            if role in ("public", "Administrator"):
                continue
            self.authenticate(user.login, user.login)
            for record in records:
                thread = {"thread_model": record._name, "thread_id": record.id}
                lists = ["followers", "attachments", "activities", "suggestedRecipients"]
                asked = {
                    "/mail/thread/messages": thread,
                    "/mail/data": {
                        "fetch_params": [["mail.thread", {**thread, "request_list": lists}]]
                    },
                    "/mail/message/post": {**thread, "post_data": {"body": "x"}},
                }
                for path, params in asked.items():
                    with self.subTest(role=role, model=record._name, path=path):
                        with mute_logger(*LOUD):
                            answer = self.url_open(path, json={"params": params}).text
                        self.assertNotIn("confidence", answer)
                self.assertEqual(record.message_ids[0].body, "<p>told in confidence</p>")

    # === WHAT OTHERS SEND === #

    def test_what_the_webhook_makes(self):
        """What arrives is seen as the table says of its kind."""
        account = self.env["discom.whatsapp.account"].create(
            {
                "name": "Webhook of the matrix",
                "phone_number_id": "990011",
                "waba_id": "990012",
                "access_token": "x",
                "app_secret": SECRET,
            }
        )
        consumers = {side: self.sides[side]["res.partner"] for side in ("own", "foreign")}
        phones = [consumer.discom_whatsapp_number.lstrip("+") for consumer in consumers.values()]
        before = {name: self._last(name) for name in self.stored() if self.env[name]._auto}
        notes = self._last("mail.message")
        body = self._inbound(account, [*phones, "919415288888"])
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        answer = self.url_open(
            f"/discom/whatsapp/webhook/{account.webhook_key}",
            data=body,
            headers={"X-Hub-Signature-256": f"sha256={signature}"},
        )
        self.assertEqual(answer.status_code, 200)
        self.env.ref("discom.ir_cron_whatsapp_apply").method_direct_trigger()
        self.env.invalidate_all()
        made = set()
        for name, last in before.items():
            records = self.env[name].with_context(active_test=False).search([("id", ">", last)])
            for record in records:
                # Of an unknown number there is no office: for those alone who see all.
                office = record.office_id if "office_id" in record._fields else None
                side = {self.subdivision_a1: "own", None: "own"}.get(office, "foreign")
                made.add((name, side, bool(office)))
                for role, user in self.everybody():
                    letters = self._expected(name, role, side) if role in self.users else ""
                    with self.subTest(model=name, role=role, side=side):
                        self.assertEqual(record.with_user(user).has_access("read"), "R" in letters)
        for name in ("discom.whatsapp.message", "discom.whatsapp.conversation"):
            self.assertLessEqual({(name, "own", True), (name, "foreign", True)}, made)
        self.assertIn(("discom.whatsapp.event", "own", False), made)
        told = self.env["mail.message"].search([("id", ">", notes), ("model", "=", "res.partner")])
        self.assertEqual({note.res_id for note in told}, {c.id for c in consumers.values()})
        for note in told:
            for role, user in self.everybody():
                consumer = self.env["res.partner"].browse(note.res_id).with_user(user)
                with self.subTest(note=note.res_id, role=role):
                    self.assertEqual(
                        note.with_user(user).has_access("read"), consumer.has_access("read")
                    )

    def _last(self, name):
        [(last,)] = self.env.execute_query(
            SQL("SELECT COALESCE(max(id), 0) FROM %s", SQL.identifier(self.env[name]._table))
        )
        return last

    def _inbound(self, account, phones):
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"phone_number_id": account.phone_number_id},
            "contacts": [{"wa_id": phone, "profile": {"name": "Ram"}} for phone in phones],
            "messages": [
                {
                    "from": phone,
                    "id": f"wamid.M{phone}",
                    "timestamp": str(int(time.time()) - 60),
                    "type": "text",
                    "text": {"body": "The transformer is burning"},
                }
                for phone in phones
            ],
        }
        return json.dumps(
            {
                "object": "whatsapp_business_account",
                "entry": [
                    {"id": account.waba_id, "changes": [{"field": "messages", "value": value}]}
                ],
            }
        ).encode()
