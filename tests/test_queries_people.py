import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from freezegun import freeze_time

from odoo.tests import tagged

from .common_queries import QueriesCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-11-10 06:00:00")
class TestQueriesPeople(QueriesCommon):
    """Contact data, consent and erasure of many consumers, or of one of whom much is kept."""

    sizes = (3, 10, 60)
    filled = ("consumer", "kyc")

    def test_consent_asked(self):
        """The dialog on consumers selected in their list, and the welcome that follows."""
        self.create_template("queries_welcome", "welcome", "नमस्ते {{name}}, {{office}} में स्वागत है।")

        def ask(group, action="given"):
            partners = self.partners(group)
            self.env["discom.consent.ask"].with_user(self.counter).create(
                {"partner_ids": partners.ids, "action": action, "purpose_other": True}
            ).action_confirm()
            self.assertEqual(set(partners.mapped("discom_consent_other")), {action})

        def withdraw(group):
            ask(group, "withdrawn")

        self.assert_steps(ask, withdraw)
        welcomed = self.env["discom.whatsapp.message"].search([("purpose", "=", "welcome")])
        self.assertEqual(len(welcomed), sum(self.sizes))

    def test_numbers_decided_on(self):
        """Each has another number: accepted as a family's, then found out to be an agent's."""

        def family(group):
            self.partners(group).with_user(self.counter).action_discom_number_family()

        def agent(group):
            partners = self.partners(group)
            partners.with_user(self.manager).action_discom_number_agent()
            self.assertFalse(any(partners.mapped("discom_whatsapp_number")))

        self.assert_steps(family, agent)

    def test_numbers_taken_away(self):
        def clear(group):
            partners = self.partners(group)
            partners.with_user(self.counter).action_discom_number_clear()
            self.assertFalse(any(partners.mapped("discom_whatsapp_number")))

        self.assert_steps(clear)

    def test_numbers_grow_old(self):
        def grow_old(group):
            day = date(2020, 1, 1)
            partners = self.partners(group)
            self.set_rows(partners, discom_kyc_date=day, discom_kyc_state_date=day)
            self.run_cron(self.env.ref("discom.kyc_cron_stale"))
            self.assertEqual(set(partners.mapped("discom_kyc_state")), {"stale"})

        self.assert_steps(grow_old)

    def test_breach(self):
        """Who is affected, by records, by what a session read, by a broadcast; and the list."""
        breaches = self.env["discom.privacy.breach"].with_user(self.administrator)
        journal = self.env["discom.audit.entry"].with_user(self.clerk)
        broadcasts, found = {}, {}

        def find(group, **vals):
            found[group] = breaches.create({"name": f"Lost by {group.name}", **vals})
            found[group].action_find()
            self.assertEqual(found[group].person_count, group.count)

        def records(group):
            find(group, domain=f"[('discom_office_id', '=', {group.office.id})]")

        def list_(group):
            wizard = self.env["discom.privacy.breach.list"].with_user(self.administrator)
            wizard = wizard.create({"breach_id": found[group].id, "lang": "hi_IN"})
            with TemporaryDirectory() as folder:
                wizard._write_workbook(Path(folder) / "list.xlsx")
            self.assertEqual(wizard._report_count(), group.count)

        def session(group):
            find(
                group,
                kind="session",
                user_id=self.clerk.id,
                date_from="2026-11-10 05:00:00",
                date_to="2026-11-10 07:00:00",
                office_id=group.office.id,
            )

        def broadcast(group):
            find(group, kind="broadcast", broadcast_id=broadcasts[group].id)

        # One entry for each consumer: as many doors were opened.
        for group in self.groups:
            for partner in self.partners(group):
                journal._log("unmasking", partner)
        self.fill("bill")
        for group in self.groups:
            bills = self.env["discom.bill"].search([("office_id", "=", group.office.id)])
            broadcasts[group] = self.send(bills, user=self.env.user)
            self.set_rows(self.messages(broadcasts[group]), state="delivered")
        self.assert_steps(records, list_, session, broadcast)

    def test_erasure(self):
        """One person of whom little or much is kept, by the dialog that shows and erases it."""

        def keep(group):
            person = self.partners(group)[:1]
            kept = {"partner_id": person.id, "phone": person.discom_whatsapp_number}
            messages = self.env["discom.whatsapp.message"].create(
                [
                    {**kept, "account_id": self.account.id, "state": state, "body": "Asha"}
                    for state in ["read", "queued"] * group.count
                ]
            )
            complaints = self.env["discom.complaint"].create(
                [
                    {**kept, "text": "The pole leans", "state": "resolved"}
                    for _number in range(group.count)
                ]
            )
            attempts = self.env["discom.kyc.attempt"].create(
                [
                    {
                        **kept,
                        "company_id": self.company.id,
                        "kind": "amount",
                        "date": "2026-11-09",
                    }
                    for _number in range(group.count)
                ]
            )
            for record in (person, complaints[0]):
                self.env["mail.message"].create(
                    [
                        {"model": record._name, "res_id": record.id, "body": f"Note {number}"}
                        for number in range(group.count)
                    ]
                )
                self.env["ir.attachment"].create(
                    [
                        {
                            "name": "Asha.pdf",
                            "raw": f"%PDF {group.name} {number}".encode(),
                            "res_model": record._name,
                            "res_id": record.id,
                        }
                        for number in range(group.count)
                    ]
                )
            call = {"statuses": [{"recipient_id": kept["phone"].lstrip("+"), "status": "read"}]}
            self.env["discom.whatsapp.event"].create(
                [
                    {
                        "account_id": self.account.id,
                        "payload": json.dumps(call),
                        "state": "applied",
                    }
                    for _number in range(group.count)
                ]
            )
            self.set_rows(person, discom_status="permanent")
            return person, messages, attempts

        kept = self.each(keep)

        def erase(group):
            person, messages, attempts = kept[group]
            action = person.with_user(self.manager).action_discom_erase()
            wizard = self.env[action["res_model"]].with_user(self.manager)
            wizard = wizard.with_context(**action["context"]).create(
                {"reason": "Letter of 3 November", "confirmation": person.discom_account_no}
            )
            self.assertIn(str(2 * group.count), wizard.preview)
            wizard.action_erase()
            self.assertFalse(any(messages.mapped("body")))
            self.assertFalse(attempts.exists())

        self.assert_steps(erase)
