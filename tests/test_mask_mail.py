"""Attacks from inside by the doors that Odoo's mail, contacts and web client open."""

import io
import json

import openpyxl

from odoo import fields, http
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, JsonRpcException, new_test_user, tagged
from odoo.tools import mute_logger

from ..models import audit_res_users, mask_asked
from ..tools.personal import SIGN
from .common_mask import EMAIL, MOBILE, PERSONAL, STREET, MaskCommon

QUIET = (
    "odoo.http",
    "odoo.addons.base.models.ir_rule",
    "odoo.addons.base.models.ir_model",
    "odoo.addons.web.controllers.export",
)
ADDRESSES = ["email_from", "reply_to", "incoming_email_to", "incoming_email_cc"]


class InsideCommon(MaskCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.colleague = new_test_user(cls.env, "test_colleague", password="test_colleague")
        cls.consumer.message_subscribe(partner_ids=cls.consumer.ids)
        values = dict.fromkeys(ADDRESSES, EMAIL)
        cls.message = cls.env["mail.message"].create(
            {
                **values,
                "model": "res.partner",
                "res_id": cls.consumer.id,
                "author_id": cls.consumer.id,
                "message_type": "email",
                "body": "My bill is wrong",
            }
        )
        cls.notification = cls.env["mail.notification"].create(
            {
                "mail_message_id": cls.message.id,
                "res_partner_id": cls.consumer.id,
                "mail_email_address": EMAIL,
                "notification_type": "email",
                "notification_status": "exception",
            }
        )
        cls.env.flush_all()
        cls.env.invalidate_all()

    def contact_manager(self, user):
        """Give a user Odoo's right to create contacts beside the role."""
        user.group_ids += self.env.ref("base.group_partner_manager")
        return self.env["res.partner"].with_user(user)


@tagged("post_install", "-at_install")
class TestMail(InsideCommon):
    def test_addresses_of_messages(self):
        """Senders and recipients of mails are masked as the consumer is, and not searched for by
        parts; of colleagues they are shown."""
        auditor, counter = (
            self.message.with_user(user).read(ADDRESSES) for user in (self.auditor, self.counter)
        )
        self.tell(auditor)
        self.assertTrue(all(SIGN in row[name] for row in auditor for name in ADDRESSES))
        self.assertEqual({row[name] for row in counter for name in ADDRESSES}, {EMAIL})
        domain = [("id", "=", self.message.id)]
        for name in ADDRESSES:
            probe = [*domain, (name, "ilike", EMAIL[:4])]
            self.assertFalse(self.env["mail.message"].with_user(self.auditor).search(probe))
            self.assertTrue(self.env["mail.message"].with_user(self.counter).search(probe))
        note = self.consumer.with_user(self.counter).message_post(body="Called back")
        row = note.with_user(self.auditor).read(["email_from"])[0]
        self.assertEqual(row["email_from"], note.email_from)

    def test_followers_and_notifications(self):
        """Odoo shows both to every colleague: of consumers to their office alone, and masked."""
        records = {
            "mail.followers": (
                self.env["mail.followers"].search([("partner_id", "=", self.consumer.id)]),
                "email",
            ),
            "mail.notification": (self.notification, "mail_email_address"),
        }
        for model, (record, name) in records.items():
            record.ensure_one()
            domain = [("id", "=", record.id)]
            for user in (self.colleague, self.clerk_b):
                with self.subTest(model=model, user=user.login):
                    self.assertFalse(self.env[model].with_user(user).search(domain))
                    with self.assertRaises(AccessError), mute_logger(*QUIET):
                        record.with_user(user).read([name])
            self.assertIn(SIGN, self.tell(record.with_user(self.auditor).read([name])))
            self.assertEqual(record.with_user(self.counter).read([name])[0][name], EMAIL)

    def test_contact_below_a_consumer(self):
        """Odoo copies addresses down to contacts and up to persons, where nothing is masked."""
        contacts = self.contact_manager(self.auditor)
        below = contacts.create({"name": "Below", "parent_id": self.consumer.id, "type": "contact"})
        spec = {name: {} for name in ("street", "vat", "contact_address")}
        asked = {"parent_id": self.consumer.id, "type": "contact", "name": "x"}
        self.tell(
            below.read(list(spec)), contacts.onchange(asked, ["parent_id"], spec), below.copy_data()
        )
        self.consumer.with_user(self.counter).street = f"{STREET} 2"
        self.tell(below.read(list(spec)))
        # Nor does what is written below change the consumer.
        below.sudo().street = "Elsewhere"
        self.assertEqual(self.consumer.street, f"{STREET} 2")
        person = self.env["res.partner"].create({"name": "Person"})
        self.create_consumer(parent_id=person.id, street=STREET, type="contact")
        self.consumer.sudo().write({"parent_id": person.id, "type": "contact"})
        self.tell(person.with_user(self.auditor).read(list(spec)))
        with self.assertRaises(AccessError), mute_logger(*QUIET):
            person.with_user(self.colleague).read(list(spec))
        with self.assertRaisesRegex(AccessError, "masked"):
            person.with_user(self.auditor).web_read({"child_ids": {"fields": {}, "order": "phone"}})
        self.assertEqual(self.consumer.street, f"{STREET} 2")

    def test_contact_below_a_foreign_consumer(self):
        """The name of such a contact would tell the consumer's."""
        for user in (self.colleague, self.clerk_b):
            contacts = self.contact_manager(user)
            contact = contacts.create({"name": "Ordinary"})
            attempts = [
                lambda contacts=contacts: contacts.create(
                    {"name": "x", "parent_id": self.consumer.id}
                ),
                lambda contacts=contacts: contacts.with_context(
                    default_parent_id=self.consumer.id
                ).create({"name": "x"}),
                lambda contact=contact: contact.write({"parent_id": self.consumer.id}),
            ]
            for place, attempt in enumerate(attempts):
                with self.subTest(user=user.login, attempt=place):
                    with self.assertRaises(AccessError), self.cr.savepoint(), mute_logger(*QUIET):
                        attempt()

    def test_contact_rights_change_no_consumer(self):
        """An auditor who manages contacts as well changes contacts, and no consumer."""
        contacts = self.contact_manager(self.auditor)
        contacts.create({"name": "Ordinary"}).name = "Renamed"
        for vals in ({"name": "x"}, {"phone": "+919415299999"}, {"street": "x"}):
            with self.subTest(vals), self.assertRaises(AccessError), mute_logger(*QUIET):
                self.consumer.with_user(self.auditor).write(vals)
        loaded = contacts.load([".id", "name"], [[str(self.consumer.id), "x"]])
        self.assertFalse(loaded["ids"])

    def test_files_are_not_opened_to_others(self):
        """Who may change a file of a consumer opens it to nobody who has the address."""
        files = self.env["ir.attachment"].with_user(self.counter)
        values = {"name": "form.txt", "raw": b"x", "res_model": "res.partner"}
        file = files.create({**values, "res_id": self.consumer.id})
        attempts = [
            lambda: file.write({"public": True}),
            lambda: file.generate_access_token(),
            lambda: files.create({**values, "res_id": self.consumer.id, "public": True}),
        ]
        for place, attempt in enumerate(attempts):
            with self.subTest(place), self.assertRaises(AccessError), self.cr.savepoint():
                attempt()
        contact = self.env["res.partner"].create({"name": "Printer"})
        self.env["ir.attachment"].with_user(self.colleague).create(
            {"name": "own.txt", "raw": b"x", "public": True}
        )
        self.assertTrue(
            self.env["ir.attachment"].create({**values, "res_id": contact.id, "public": True})
        )

    def test_numbers_are_not_tried_one_by_one(self):
        """The whole number finds a consumer; very many numbers are no search, by any door."""
        self.registry_enter_test_mode()
        self.patch(mask_asked, "LIMIT", 300)
        numbers = [f"+9194152{n:05}" for n in range(77000, 77400)]
        partners = self.env["res.partner"]
        self.quiet = lambda: mute_logger("odoo.addons.discom.models.mask_asked")
        doors = [
            lambda user, some: partners.with_user(user).search([("phone", "in", some)]),
            lambda user, some: partners.with_user(user).search_count(
                ["|"] * (len(some) - 1) + [("discom_search", "ilike", each) for each in some]
            ),
            lambda user, some: (
                self.env["discom.outage.call"]
                .with_user(user)
                .search([("partner_id.phone", "in", some)])
            ),
        ]
        for place, door in enumerate(doors):
            self.cr.execute("DELETE FROM discom_asked")
            with self.subTest(place):
                for _again in range(3):
                    door(self.operator, numbers[:150])
                with self.assertRaisesRegex(UserError, "very many"), self.quiet():
                    for start in (150, 250):
                        door(self.operator, numbers[start : start + 150])
                door(self.operator, numbers[:150])
                door(self.counter, numbers)

    def test_other_workers_count_as_well(self):
        """What was asked for by way of another process counts for an hour."""
        self.registry_enter_test_mode()
        self.patch(mask_asked, "LIMIT", 300)
        partners = self.env["res.partner"]

        def ask(user, first):
            return partners.with_user(user).search_count(
                [("phone", "in", [f"+9194152{n:05}" for n in range(first, first + 100)])]
            )

        self.cr.execute(
            "INSERT INTO discom_asked SELECT %s, generate_series(1, 250)", [self.operator.id]
        )
        with self.assertRaisesRegex(UserError, "very many"), mute_logger(mask_asked.__name__):
            ask(self.operator, 0)
        ask(self.auditor, 0)
        self.cr.execute("UPDATE discom_asked SET at = at - INTERVAL '59 minutes'")
        with self.assertRaisesRegex(UserError, "very many"), mute_logger(mask_asked.__name__):
            ask(self.operator, 0)
        self.cr.execute("UPDATE discom_asked SET at = at - INTERVAL '2 minutes'")
        ask(self.operator, 0)
        self.env["discom.asked"]._gc_asked()
        self.cr.execute("SELECT user_id, count(*) FROM discom_asked GROUP BY user_id")
        self.assertEqual(self.cr.fetchall(), [(self.operator.id, 100)])


@tagged("post_install", "-at_install")
class TestWebDoors(InsideCommon, HttpCase):
    """As a browser or a script calls, with the session of somebody who sees it masked."""

    def call(self, model, method, *args, **kwargs):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def test_chatter(self):
        """The web client is sent no address: messages, followers, recipients, cards."""
        self.authenticate("test_auditor", "test_auditor")
        thread = {"thread_model": "res.partner", "thread_id": self.consumer.id}
        lists = ["followers", "suggestedRecipients", "attachments", "activities"]
        card = {"model": "res.partner", "id": self.consumer.id}
        asked = [
            ("/mail/thread/messages", thread),
            ("/mail/data", {"fetch_params": [["mail.thread", {**thread, "request_list": lists}]]}),
            ("/mail/data", {"fetch_params": [["avatar_card", card]]}),
            ("/mail/thread/recipients", thread),
            (
                "/mail/thread/recipients/get_suggested_recipients",
                {**thread, "partner_ids": self.consumer.ids},
            ),
        ]
        for path, params in asked:
            with self.subTest(path=path, params=params):
                self.assertIn(SIGN, self.tell(self.make_jsonrpc_request(path, params)))
        self.authenticate("test_counter", "test_counter")
        for path, params in asked:
            with self.subTest(path=path, params=params):
                self.assertIn(EMAIL, json.dumps(self.make_jsonrpc_request(path, params)))

    def test_methods_of_the_client(self):
        """Search panels, onchanges, defaults, copies, previews and pickers tell nothing."""
        self.authenticate("test_auditor", "test_auditor")
        ids, partner = self.consumer.ids, "res.partner"
        spec = {name: {} for name in PERSONAL}
        model_id = self.env["ir.model"]._get_id(partner)
        template = self.call(
            "mail.template",
            "create",
            {"name": "t", "model_id": model_id, "use_default_to": True, "subject": "x"},
        )
        told = {"show_email": 1, "show_address": 1, "formatted_display_name": 1}
        answers = [
            self.call(
                partner,
                "web_read",
                ids,
                specification={"child_ids": {"fields": spec, "order": "name"}, **spec},
            ),
            self.call(partner, "read", ids, ["display_name"], context=told),
            self.call(
                partner,
                "search_panel_select_range",
                "discom_office_id",
                search_domain=[("phone", "ilike", MOBILE[4:9])],
                enable_counters=True,
            ),
            self.call(
                partner, "default_get", list(spec), context={"default_parent_id": self.consumer.id}
            ),
            self.call(partner, "get_mention_suggestions", EMAIL[:5]),
            self.call(partner, "search_for_channel_invite", EMAIL[:5]),
            self.call("mail.activity", "get_activity_data", partner, [("id", "in", ids)]),
            self.call(
                "mail.template.preview",
                "web_save",
                [],
                {"mail_template_id": template, "resource_ref": f"{partner},{ids[0]}"},
                specification={
                    **{name: {} for name in ("email_to", "subject", "body_html", "error_msg")},
                    "partner_ids": {"fields": spec},
                },
            ),
            self.call(
                "mail.compose.message",
                "onchange",
                [],
                {"model": partner, "res_ids": str(ids), "composition_mode": "comment"},
                ["model", "res_ids"],
                {"partner_ids": {"fields": spec}, "reply_to": {}, "body": {}},
            ),
        ]
        self.assertIn(SIGN, self.tell(answers))
        self.assertTrue(answers[0] and answers[1], "the consumer himself is seen")
        refused = [
            ("onchange", [ids, {"name": "x"}, ["name"], spec], {}),
            ("onchange", [[], {"parent_id": ids[0]}, ["parent_id"], spec], {}),
            ("search_panel_select_range", ["phone"], {}),
            ("formatted_read_group", [[], ["lang"]], {"having": [("phone:max", ">", "+91")]}),
            ("search", [[("child_ids", "any!", [("phone", "ilike", "9")])]], {}),
            ("search_count", [[("discom_consumer", "=", True)]], {"context": self.others()}),
        ]
        for method, args, kwargs in refused:
            with self.subTest(method), self.assertRaises(JsonRpcException), mute_logger(*QUIET):
                self.call(partner, method, *args, **kwargs)

    def others(self):
        """A context that claims the companies of others."""
        company = self.env["res.company"].create({"name": "Another discom"})
        return {"allowed_company_ids": (self.company + company).ids}

    def test_card_of_a_contact(self):
        """The widget of Odoo's templates, as a client asks for it."""
        if not hasattr(self.env["ir.qweb.field.contact"], "get_record_to_html"):
            self.skipTest("html_editor is not installed")
        everything = {"fields": ["name", "address", "phone", "mobile", "email", "vat"]}
        self.consumer.vat = "ABCDE1234F"
        for options in (everything, {"fields": ["phone"]}, {}):
            self.authenticate("test_auditor", "test_auditor")
            card = self.call(
                "ir.qweb.field.contact", "get_record_to_html", [self.consumer.id], options
            )
            self.assertNotIn("ABCDE1234F", self.tell(card))
            self.assertIn(self.consumer.name, card)
            self.authenticate("test_counter", "test_counter")
            card = self.call(
                "ir.qweb.field.contact", "get_record_to_html", [self.consumer.id], options
            )
            self.assertIn(MOBILE, card)

    def test_export_of_the_list(self):
        """Files of the list, grouped and not, are masked as the screen is."""
        self.auditor.group_ids += self.env.ref("base.group_allow_export")
        self.authenticate("test_auditor", "test_auditor")
        columns = ["name", *PERSONAL, "child_ids/phone"]
        for kind, groups in (("csv", []), ("xlsx", []), ("xlsx", ["lang"])):
            data = {
                "model": "res.partner",
                "fields": [{"name": n, "label": n, "type": "char", "store": 1} for n in columns],
                "ids": False,
                "domain": [("id", "in", (self.consumer + self.other).ids)],
                "groupby": groups,
                "import_compat": False,
            }
            form = {"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)}
            response = self.url_open(f"/web/export/{kind}", data=form)
            with self.subTest(kind=kind, groups=groups):
                self.assertEqual(response.status_code, 200)
                text = response.text if kind == "csv" else self.sheet(response.content)
                self.assertIn(SIGN, self.tell(text))
            groupable = {**data, "groupby": ["phone"]}
            with mute_logger(*QUIET):
                refused = self.url_open(
                    f"/web/export/{kind}", data={**form, "data": json.dumps(groupable)}
                )
            self.assertGreaterEqual(refused.status_code, 400)

    def sheet(self, content):
        """All texts of a workbook."""
        book = openpyxl.load_workbook(io.BytesIO(content))
        return str([[cell.value for cell in row] for row in book.active])

    def test_list_as_json(self):
        """Odoo's address of any list as JSON, without limit or record: closed to the roles."""
        self.env["ir.config_parameter"].set_param("web.json.enabled", "1")
        headers = {
            "Sec-Fetch-Dest": "document",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Site": "none",
            "Sec-Fetch-User": "?1",
        }
        action = self.env.ref("discom.discom_consumer_action")
        for user in (self.clerk, self.administrator):
            user.group_ids += self.env.ref("base.group_allow_export")
            self.authenticate(user.login, user.login)
            with self.subTest(user.login), mute_logger(*QUIET):
                for version in ("/json", "/json/1"):
                    response = self.url_open(
                        f"{version}/action-{action.id}?view_type=list", headers=headers
                    )
                    self.assertEqual(response.status_code, 403)
                    self.assertIn("Export", response.text)

    def test_key_calls_are_on_record(self):
        """Who calls with a key in the header signs in as well; once an hour stands for all."""
        audit_res_users.KEY_CALLS.clear()
        self.addCleanup(audit_res_users.KEY_CALLS.clear)
        keys = self.env["res.users.apikeys"].with_user(self.clerk)
        tomorrow = fields.Datetime.add(fields.Datetime.now(), days=1)
        headers = {"Authorization": f"Bearer {keys._generate('rpc', 'test', tomorrow)}"}
        entries = self.env["discom.audit.entry"]
        domain = [("kind", "=", "sign_in"), ("user_id", "=", self.clerk.id)]
        before = entries.search_count(domain)
        for _call in range(3):
            # No call that only reads: under test such a one opens no transaction that writes.
            answer = self.url_open(
                "/json/2/discom.office/default_get", json={"fields": ["name"]}, headers=headers
            )
            self.assertEqual(answer.status_code, 200)
        found = entries.search(domain, order="id desc")
        self.assertEqual(len(found) - before, 1)
        self.assertIn("JSON", found[0].text)
        self.assertTrue(found[0].ip)
        with mute_logger(*QUIET):
            self.url_open(
                "/json/2/discom.office/default_get",
                json={"fields": ["name"]},
                headers={"Authorization": "Bearer wrong"},
            )
        self.assertEqual(entries.search_count(domain), before + 1)

    def test_nobody_listens_in(self):
        """Names of channels that a client makes up lead to no channel of a record."""
        self.authenticate("test_colleague", "test_colleague")
        wanted = [self.env.cr.dbname, "res.partner", self.clerk.partner_id.id]
        answer = self.make_jsonrpc_request(
            "/websocket/peek_notifications",
            {
                "channels": [f"res.partner_{wanted[2]}", json.dumps(wanted)],
                "last": 0,
                "is_first_poll": True,
            },
        )
        self.assertNotIn(wanted, answer["channels"])
