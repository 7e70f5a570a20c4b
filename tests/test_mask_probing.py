"""A dishonest clerk asks piece by piece for what is shown masked."""

import base64

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..tools.personal import HIDDEN, SIGN
from .common_mask import EMAIL, LAST4, MOBILE, PHONE, STREET, MaskCommon


@tagged("post_install", "-at_install")
class TestMaskProbing(MaskCommon):
    """A dishonest clerk asks for what is not shown, piece by piece."""

    def partners(self, user=None):
        return self.env["res.partner"].with_user(user or self.auditor)

    def test_search_by_parts(self):
        """No part of a number, an address or a document finds anybody; nor does a comparison."""
        here = ("id", "in", (self.consumer + self.other).ids)
        probes = [
            ("phone", "ilike", "94152773"),
            ("phone", "=like", "+9194152773%"),
            ("phone", "=ilike", "+9194152773%"),
            ("phone", "like", "7302"),
            ("phone", ">", "+919415277300"),
            ("phone", "<=", "+919415277302"),
            ("discom_whatsapp_number", "ilike", "7301"),
            ("phone_sanitized", "ilike", "7302"),
            ("phone_mobile_search", "ilike", "94152773"),
            ("email", "ilike", "ramesh"),
            ("email_normalized", "=like", "r%"),
            ("street", "ilike", "temple"),
            ("street", "=", STREET),
            ("discom_id_last4", "=", LAST4),
            ("discom_id_last4", "in", [f"{n:04}" for n in range(7000, 7500)]),
            ("display_name", "ilike", "ramesh.kol"),
            ("discom_search", "ilike", "9415277"),
            ("discom_search", "ilike", "7302"),
            ("child_ids.phone", "ilike", "7302"),
        ]
        for probe in probes:
            for domain in ([here, probe], [here, "|", probe, ("id", "=", 0)]):
                with self.subTest(domain=domain):
                    self.assertFalse(self.partners().search(domain))
                    self.assertFalse(self.partners().search_count(domain))
                    self.assertFalse(self.partners()._read_group(domain, ["lang"], ["__count"]))
            with self.subTest(negated=probe):
                # The opposite tells as little: everybody, or nobody, is found.
                found = self.partners().search([here, "!", probe])
                self.assertIn(found, (self.consumer + self.other, self.partners()))
        # Those whose duty it is are not hindered.
        self.assertEqual(
            self.partners(self.counter).search([here, ("street", "ilike", "temple")]), self.consumer
        )
        self.assertEqual(
            self.partners(self.counter).search([here, ("discom_search", "ilike", "94152773")]),
            self.consumer,
        )

    def test_search_by_the_whole_number(self):
        """Who calls says the number: the whole one finds the consumer, for any role."""
        for user in (self.auditor, self.operator, self.surveyor):
            for domain in (
                [("discom_whatsapp_number", "=", PHONE)],
                [("phone", "in", [MOBILE])],
                [("email", "=", EMAIL)],
                [("discom_search", "ilike", PHONE)],
                [("discom_search", "ilike", "94152 77302")],
                [("discom_search", "ilike", self.consumer.discom_account_no[:7])],
            ):
                with self.subTest(user=user.login, domain=domain):
                    self.assertIn(self.consumer, self.partners(user).search(domain))

    def test_search_by_all_numbers(self):
        """A list of all numbers there might be is not the whole number."""
        numbers = [f"+9194152{n:05}" for n in range(77000, 77400)]
        domain = [("id", "=", self.consumer.id), ("phone", "in", numbers)]
        self.assertFalse(self.partners().search(domain))
        parts = ["|"] * 7 + [("phone", "in", numbers[n : n + 50]) for n in range(0, 400, 50)]
        self.assertFalse(self.partners().search([("id", "=", self.consumer.id), *parts]))

    def test_search_through_other_models(self):
        """Nor by way of the records of a consumer, or the journal of changes."""
        self.env["discom.outage.call"].create({"partner_id": self.consumer.id})
        for model, domain in (
            ("discom.outage.call", [("partner_id.phone", "ilike", "7302")]),
            ("discom.outage.call", [("partner_id", "any", [("street", "ilike", "temple")])]),
            ("discom.kyc.event", [("new", "ilike", "7301")]),
            ("discom.kyc.event", [("new", "=", PHONE)]),
            ("res.users", [("partner_id.phone", "ilike", "7302")]),
        ):
            with self.subTest(model=model, domain=domain):
                self.assertFalse(self.env[model].with_user(self.auditor).search(domain))

    def test_forms_that_claim_something_else(self):
        """An unsaved form says that the consumer is none, or that the record is somebody else's:
        what is stored decides."""
        contact = self.env["res.partner"].create({"name": "Printer", "phone": "0512 2530001"})
        complaint = self.env["discom.complaint"].create(
            {"partner_id": self.consumer.id, "text": "No bill for months", "phone": MOBILE}
        )
        spec = {name: {} for name in ("phone", "street", "email", "discom_id_last4")}
        none = {"discom_consumer": False}
        self.env.invalidate_all()
        # What is written on a document is masked for a billing clerk, who changes consumers.
        draft = self.consumer.with_user(self.clerk).new(none, origin=self.consumer)
        self.assertEqual(draft.web_read({"discom_id_last4": {}})[0]["discom_id_last4"], HIDDEN)
        lines = {"child_ids": [(4, self.consumer.id), (1, self.consumer.id, none)]}
        self.assertNotIn(
            LAST4,
            str(
                self.other.with_user(self.clerk).onchange(
                    lines, ["child_ids"], {"child_ids": {"fields": {"discom_id_last4": {}}}}
                )
            ),
        )
        # Somebody who manages ordinary contacts as well changes all contacts.
        self.auditor.group_ids = [Command.link(self.env.ref("base.group_partner_manager").id)]
        draft = complaint.with_user(self.auditor).new({"partner_id": contact.id}, origin=complaint)
        text = self.tell(
            contact.with_user(self.auditor).onchange(
                lines, ["child_ids"], {"child_ids": {"fields": spec}}
            ),
            draft.web_read({"phone": {}}),
        )
        self.assertIn(SIGN, text)

    def test_contents_of_files(self):
        """Nor do files behind fields answer by their contents, whatever the context says."""
        job = self.env["discom.import"].create(
            {
                "kind": "consumer",
                "file": base64.b64encode(f"account,phone\n1,{MOBILE}".encode()),
                "filename": "a.csv",
                "office_id": self.division_a.id,
            }
        )
        domain = [("res_model", "=", job._name), ("res_id", "=", job.id), ("file_size", ">", 0)]
        files = self.env["ir.attachment"].with_context(skip_res_field_check=True)
        self.assertTrue(files.with_user(self.clerk).search(domain))
        self.assertFalse(files.with_user(self.auditor).search(domain))
        self.assertFalse(files.with_user(self.auditor).search_count(domain))

    def test_groups_order_and_sums(self):
        """Groups, orders, maxima and the progress bar of a kanban would tell as well."""
        partners = self.partners()
        domain = [("id", "in", (self.consumer + self.other).ids)]
        attempts = [
            lambda: partners.formatted_read_group(domain, ["phone"], ["__count"]),
            lambda: partners.web_read_group(domain, ["discom_whatsapp_number"]),
            lambda: partners.formatted_read_group(domain, ["lang"], ["phone:max"]),
            lambda: partners.formatted_read_group(domain, [], ["street:array_agg"]),
            lambda: partners.formatted_read_group(domain, ["lang"], ["email:count_distinct"]),
            lambda: partners.formatted_read_grouping_sets(domain, [["phone"]], ["__count"]),
            lambda: partners.formatted_read_group(domain, ["lang"], [], order="phone:min"),
            lambda: partners.read_progress_bar(domain, "phone", {"field": "lang", "colors": {}}),
            lambda: partners.search(domain, order="phone"),
            lambda: partners.search_read(domain, ["name"], order="street desc, id"),
            lambda: partners.web_search_read(domain, {}, order="discom_id_last4"),
            lambda: (
                self.env["discom.outage.call"]
                .with_user(self.auditor)
                .formatted_read_group([], ["partner_id.phone"], ["__count"])
            ),
        ]
        for place, attempt in enumerate(attempts):
            with self.subTest(place), self.assertRaisesRegex(AccessError, "masked"):
                attempt()
        self.partners(self.counter).formatted_read_group(domain, ["phone"], ["__count"])

    def test_phones_of_other_models(self):
        """Complaints, conversations, tries, decisions: the number, and the name made of it."""
        complaint = self.env["discom.complaint"].create(
            {"partner_id": self.consumer.id, "text": "No bill for months", "phone": MOBILE}
        )
        decision = self.env["discom.kyc.number"].create({"number": PHONE, "verdict": "family"})
        attempt = self.env["discom.kyc.attempt"].create(
            {
                "phone": PHONE,
                "partner_id": self.consumer.id,
                "office_id": self.division_a.id,
                "company_id": self.company.id,
                "kind": "account",
                "date": "2026-11-01 10:00:00",
            }
        )
        for record in (complaint, decision, attempt):
            record.invalidate_recordset()
            with self.subTest(record._name):
                self.tell(
                    record.with_user(self.auditor).read(),
                    record.with_user(self.auditor).name_search(""),
                    record.with_user(self.auditor).web_search_read([], {"display_name": {}}),
                )
        # Who works on a complaint calls back.
        shown = complaint.with_user(self.operator).read(["phone"])[0]["phone"]
        self.assertEqual(shown, MOBILE)
