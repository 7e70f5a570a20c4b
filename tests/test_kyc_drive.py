from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import DiscomCommon
from .test_kyc_history import PIXEL

# 2 + 12 digits: a number with the check digit of an Aadhaar number.
AADHAAR = "234123412346"


@tagged("post_install", "-at_install")
class TestKycDrive(DiscomCommon):
    """Areas, counts, the list of a surveyor and the form for the door."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.missing = cls.create_consumer(
            name="Missing", discom_village="Salkhan", discom_whatsapp_number=False
        )
        cls.bounced = cls.create_consumer(
            name="Bounced", discom_village="Salkhan", discom_kyc_state="bounced"
        )
        cls.stale = cls.create_consumer(
            name="Stale", discom_village="Salkhan", discom_kyc_state="stale"
        )
        cls.verified = cls.create_consumer(
            name="Verified", discom_village="Salkhan", discom_kyc_state="verified"
        )
        cls.gone = cls.create_consumer(
            name="Gone",
            discom_village="Salkhan",
            discom_whatsapp_number=False,
            discom_status="permanent",
        )
        cls.elsewhere = cls.create_consumer(
            name="Elsewhere",
            discom_village="Kirbil",
            discom_office_id=cls.subdivision_a2.id,
            discom_whatsapp_number=False,
        )
        cls.own = cls.missing + cls.bounced + cls.stale + cls.verified + cls.gone

    def my_list(self, user=None):
        """Consumers that the surveyor's list opens with."""
        partners = self.env["res.partner"].with_user(user or self.surveyor)
        return partners.search([("discom_kyc_own", "=", True), ("discom_kyc_left", "=", True)])

    def door(self, partner, user=None, **values):
        """The form for the door of a consumer, filled in."""
        action = partner.with_user(user or self.surveyor).action_discom_kyc_door()
        doors = self.env["discom.kyc.door"].with_user(user or self.surveyor)
        form = Form(doors.with_context(**action["context"]))
        for name, value in values.items():
            form[name] = value
        return form.save()

    def test_list_holds_the_missing_of_own_areas(self):
        drive = self.create_drive({"village": "salkhan"})
        self.assertEqual(self.my_list(), self.missing + self.bounced + self.stale)
        self.assertFalse(self.my_list(self.manager))
        drive.action_close()
        self.assertFalse(self.my_list())

    def test_list_follows_office_and_asset(self):
        drive = self.create_drive({"office_id": self.subdivision_a2.id})
        self.assertEqual(self.my_list(), self.elsewhere)
        drive.area_ids = [
            fields.Command.create({"user_id": self.surveyor.id, "asset_id": self.feeder_a1.id})
        ]
        self.assertIn(self.missing, self.my_list())
        self.elsewhere.discom_asset_id = False
        drive.area_ids[:1].unlink()
        self.assertNotIn(self.elsewhere, self.my_list())

    def test_wildcards_in_a_village_are_letters(self):
        self.create_drive({"village": "S%"})
        self.assertFalse(self.my_list())

    def test_counts(self):
        self.missing.discom_kyc_state = "refused"
        self.verified.discom_kyc_date = "2025-12-31"
        drive = self.create_drive(
            {"village": "Salkhan"}, {"office_id": self.subdivision_a1.id, "target": 1}
        )
        self.assertRecordValues(
            drive.area_ids.sorted("id"),
            [
                {
                    "consumer_count": 4,
                    "done_count": 1,
                    "verified_count": 1,
                    "taken_count": 0,
                    "refused_count": 1,
                    "left_count": 2,
                    "goal_count": 4,
                    "progress": 25.0,
                },
                {
                    "consumer_count": 4,
                    "done_count": 1,
                    "verified_count": 1,
                    "taken_count": 0,
                    "refused_count": 1,
                    "left_count": 2,
                    "goal_count": 1,
                    "progress": 100.0,
                },
            ],
        )
        # Both areas hold the same four consumers, who count once; one of the office is in no area.
        self.assertEqual((drive.consumer_count, drive.left_count), (4, 2))
        self.assertEqual(drive.uncovered_count, 1)
        drive.invalidate_recordset(["person_ids"])
        person = drive.person_ids
        self.assertEqual((person.user_id, person.area_count), (self.surveyor, 2))
        self.assertEqual((person.goal_count, person.done_count, person.progress), (5, 2, 40.0))

    def test_counts_within_asset_and_village(self):
        drive = self.create_drive({"village": "Salkhan", "asset_id": self.transformer_a12.id})
        self.assertEqual(drive.consumer_count, 0)
        self.missing.discom_asset_id = self.transformer_a12
        drive.invalidate_recordset()
        self.assertEqual(drive.consumer_count, 1)

    def test_counts_of_many_areas_cost_one_query(self):
        drive = self.create_drive(*({"village": f"Village {n}"} for n in range(30)))
        self.env.flush_all()
        self.env.invalidate_all()
        areas = self.env["discom.kyc.drive.area"].browse(drive.area_ids.ids)
        areas.mapped("office_id.name"), areas.mapped("drive_id.state")
        with self.assertQueryCount(1):
            areas._count_consumers("id")

    def test_split_into_villages_and_feeders(self):
        drive = self.create_drive(start=False)
        drive.with_user(self.manager).action_split_villages()
        self.assertEqual(sorted(drive.area_ids.mapped("village")), ["Kirbil", "Salkhan"])
        with self.assertRaises(UserError):
            drive.action_split_villages()
        drive.action_split_feeders()
        self.assertEqual(drive.area_ids.asset_id, self.feeder_a1)

    def test_start_needs_areas_with_staff(self):
        drive = self.create_drive(start=False)
        with self.assertRaises(UserError):
            drive.action_start()
        drive.action_split_villages()
        with self.assertRaisesRegex(UserError, "Kirbil"):
            drive.action_start()
        drive.area_ids.user_id = self.surveyor
        drive.with_user(self.manager).action_start()
        self.assertEqual(drive.state, "running")
        with self.assertRaises(UserError):
            drive.unlink()

    def test_area_lies_in_the_office_and_staff_work_there(self):
        with self.assertRaises(ValidationError):
            self.create_drive({"office_id": self.subdivision_b1.id})
        with self.assertRaises(ValidationError):
            self.create_drive({"user_id": self.clerk_b.id})

    @mute_logger("odoo.sql_db")
    def test_bad_drives_are_refused(self):
        drive = self.create_drive({"village": "Salkhan"})
        for name, value in [("date_end", "2000-01-01"), ("target_share", 0), ("target_share", 101)]:
            with self.subTest(name=name), self.assertRaises(IntegrityError):
                drive.write({name: value})
                drive.flush_recordset()
        with self.assertRaises(IntegrityError):
            self.env["discom.kyc.drive.area"].create(
                {"drive_id": drive.id, "village": " SALKHAN ", "user_id": self.surveyor.id}
            )
        with self.assertRaises(IntegrityError):
            drive.area_ids.target = -1
            drive.flush_recordset()

    def test_taken_at_the_door(self):
        self.create_drive({"village": "Salkhan"})
        lang = self.env["discom.kyc.door"]._selection_lang()[0][0]
        door = self.door(self.missing, number="९४१५२ ६१२८८", lang=lang, consent="all", note="Gate")
        self.assertEqual(door.number, "+919415261288")
        door.action_save()
        self.assertRecordValues(
            self.missing,
            [
                {
                    "discom_whatsapp_number": "+919415261288",
                    "phone": "+919415261288",
                    "lang": lang,
                    "discom_kyc_state": "captured",
                    "discom_kyc_source": "field",
                    "discom_kyc_user_id": self.surveyor.id,
                    "discom_consent_bills": "given",
                    "discom_consent_outages": "given",
                    "discom_consent_dues": "given",
                    "discom_consent_other": False,
                }
            ],
        )
        consent = self.missing.discom_consent_ids[:1]
        self.assertEqual((consent.method, consent.notice_version), ("field", "1"))
        visit = self.missing.discom_kyc_visit_ids
        self.assertEqual((visit.outcome, visit.user_id), ("taken", self.surveyor))
        self.assertEqual(visit.drive_id.taken_count, 1)
        self.assertNotIn(self.missing, self.my_list())
        events = self.missing.discom_kyc_event_ids.filtered(
            lambda event: event.field == "discom_whatsapp_number"
        )
        self.assertEqual((events.user_id, events.source), (self.surveyor, "field"))
        self.assertEqual(events.place, "Salkhan")

    def test_bounced_number_is_asked_for_anew_and_a_stale_one_confirmed(self):
        self.create_drive({"village": "Salkhan"})
        number = self.bounced.discom_whatsapp_number
        with self.assertRaises(ValidationError):
            self.door(self.bounced, consent="all").action_save()
        self.door(self.bounced, number=number, consent="none").action_save()
        self.assertEqual(self.bounced.discom_kyc_state, "captured")
        self.assertEqual(self.bounced.discom_consent_bills, "withdrawn")
        number = self.stale.discom_whatsapp_number
        self.door(self.stale, consent="some", purpose_outages=True).action_save()
        self.assertEqual(self.stale.discom_whatsapp_number, number)
        self.assertEqual(self.stale.discom_kyc_state, "captured")
        self.assertEqual(self.stale.discom_consent_outages, "given")
        self.assertEqual(self.stale.discom_consent_bills, "withdrawn")

    def test_other_messages_are_agreed_to_by_name(self):
        """A yes to the notice is none to what it does not name."""
        self.create_drive({"village": "Salkhan"})
        answer = {"number": "9415261288", "consent": "all"}
        self.door(self.missing, **answer, purpose_other=True).action_save()
        self.assertEqual(self.missing.discom_consent_other, "given")
        door = self.door(self.missing, **answer)
        self.assertTrue(door.purpose_other)
        door.purpose_other = False
        door.action_save()
        self.assertEqual(self.missing.discom_consent_other, "withdrawn")
        self.assertEqual(self.missing.discom_consent_bills, "given")

    def test_number_of_its_own(self):
        self.create_drive({"village": "Salkhan"})
        door = self.door(self.missing, number="9415261288", consent="all", same_as_mobile=False)
        door.mobile = "9415261299"
        door.action_save()
        self.assertEqual(self.missing.discom_whatsapp_number, "+919415261288")
        self.assertEqual(self.missing.phone, "+919415261299")

    def test_verified_number_stays_verified(self):
        """Who confirms it at the door has taken it, all the same; the photo is kept with both."""
        self.create_drive({"village": "Salkhan"})
        self.door(self.verified, consent="all", photo=PIXEL).action_save()
        self.assertRecordValues(
            self.verified,
            [
                {
                    "discom_kyc_state": "verified",
                    "discom_kyc_user_id": self.surveyor.id,
                    "discom_kyc_source": "field",
                }
            ],
        )
        self.assertTrue(self.verified.discom_kyc_form)
        self.assertTrue(self.verified.discom_kyc_visit_ids.photo)

    def test_bad_input_at_the_door(self):
        self.create_drive({"village": "Salkhan"})
        for number in ("123", "9999999999", "05444222222", "9415261288, 9415261289", "abc"):
            with self.subTest(number=number), self.assertRaises(ValidationError):
                self.door(self.missing, number=number)
        with self.assertRaises(ValidationError):
            self.door(self.missing, number="9415261288").action_save()
        with self.assertRaises(ValidationError):
            self.door(self.missing, number="9415261288", consent="some").action_save()
        for outcome in ("refused", "shifted"):
            with self.subTest(outcome=outcome), self.assertRaises(ValidationError):
                self.door(self.missing, outcome=outcome, note="  ").action_save()
        with self.assertRaises(ValidationError):
            self.door(self.missing, outcome="refused", note=f"showed {AADHAAR}").action_save()
        self.assertFalse(self.missing.discom_kyc_visit_ids)
        self.assertEqual(self.missing.discom_kyc_state, "none")

    def test_refused_closed_and_shifted(self):
        drive = self.create_drive({"village": "Salkhan"})
        self.door(self.missing, outcome="refused", note="Wants no messages").action_save()
        self.assertEqual(self.missing.discom_kyc_state, "refused")
        self.door(self.bounced, outcome="shifted", note="To Varanasi").action_save()
        self.assertEqual(self.bounced.discom_kyc_state, "bounced")
        self.door(self.stale, outcome="closed").action_save()
        self.assertFalse(self.my_list())
        self.assertEqual((drive.refused_count, drive.left_count), (1, 1))
        # A closed door is tried again another day; who has shifted stays away in this drive.
        tomorrow = self.missing._discom_today() + timedelta(days=1)
        with self.subTest("tomorrow"):
            self.env.cr.execute(
                "UPDATE discom_kyc_visit SET date = %s - 2 WHERE outcome = 'closed'", (tomorrow,)
            )
            self.env.invalidate_all()
            self.assertEqual(self.my_list(), self.stale)

    def test_refusal_ends_the_use_of_a_bad_number(self):
        self.create_drive({"village": "Salkhan"})
        self.door(self.bounced, outcome="refused", note="Wants no messages").action_save()
        self.assertEqual(self.bounced.discom_kyc_state, "refused")
        self.assertFalse(self.bounced.discom_whatsapp_number)
        with self.assertRaises(ValidationError):
            self.door(self.verified, outcome="refused", note="No").action_save()
        self.assertEqual(self.verified.discom_kyc_state, "verified")
        self.assertTrue(self.verified.discom_whatsapp_number)

    def test_next_door_follows_the_route(self):
        self.create_drive({"village": "Salkhan"}, {"office_id": self.subdivision_a2.id})
        self.missing.write({"discom_book_no": "0002", "discom_sc_no": "5"})
        self.bounced.write({"discom_book_no": "0001", "discom_sc_no": "7"})
        self.stale.write({"discom_book_no": "0001", "discom_sc_no": "9"})
        order = []
        partner = self.stale
        while partner:
            order.append(partner)
            action = self.door(partner, outcome="closed").action_save_next()
            partner = self.env["res.partner"].browse(
                action.get("context", {}).get("default_partner_id", False)
            )
        self.assertEqual(order, [self.stale, self.missing, self.bounced, self.elsewhere])
        self.assertEqual(action["tag"], "display_notification")

    def test_areas_ask_as_they_hold(self):
        """In memory an area holds the consumers that its domain finds."""
        consumers = self.own | self.elsewhere
        self.missing.discom_asset_id = self.feeder_a1
        self.stale.discom_asset_id = False
        self.verified.discom_village = False
        drive = self.create_drive(
            *({"village": village} for village in ("SALKHAN", "Sal%", "Kirbil", False)),
            {"office_id": self.subdivision_a2.id},
            {"asset_id": self.feeder_a1.id},
            {"asset_id": self.transformer_a11.id, "village": "Salkhan"},
        )
        for area in drive.area_ids:
            with self.subTest(area=area.name):
                found = self.env["res.partner"].search(
                    Domain("id", "in", consumers.ids) & area._consumer_domain()
                )
                self.assertEqual(consumers.filtered(area._holding), found)

    def test_queries_at_the_door_do_not_grow(self):
        """Neither with the areas of the surveyor nor with the doors of the village."""
        for _n in range(2):
            self.create_consumer(discom_village="Salkhan", discom_whatsapp_number=False)

        def queries(partner):
            door = self.door(partner, outcome="closed")
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            action = door.action_save_next()
            self.env.flush_all()
            self.assertTrue(action["context"]["default_partner_id"])
            return self.env.cr.sql_log_count - before

        self.create_drive(
            {"village": "Salkhan"},
            {"office_id": self.subdivision_a2.id},
            {"asset_id": self.feeder_a2.id},
        )
        # The first one fills caches of the registry.
        queries(self.bounced)
        few = queries(self.missing)
        for number in range(30):
            self.create_consumer(
                name=f"Door {number}", discom_village="Salkhan", discom_whatsapp_number=False
            )
        areas = [
            {"village": f"Village {number}", "asset_id": asset.id}
            for number in range(6)
            for asset in (self.feeder_a1, self.feeder_a2, self.transformer_a11)
        ]
        offices = [{"office_id": self.subdivision_a2.id, "village": f"V{n}"} for n in range(6)]
        self.create_drive(*areas, *offices)
        self.assertEqual(queries(self.stale), few)

    def test_surveyor_writes_own_areas_only(self):
        values = {"discom_whatsapp_number": "+919415261288"}
        with self.assertRaises(AccessError):
            self.missing.with_user(self.surveyor).write(values)
        drive = self.create_drive({"village": "Salkhan"})
        self.missing.with_user(self.surveyor).write(values)
        with self.assertRaises(AccessError):
            self.elsewhere.with_user(self.surveyor).write(values)
        with self.assertRaises(AccessError):
            self.env["discom.kyc.visit"].with_user(self.surveyor).create(
                {"partner_id": self.elsewhere.id, "outcome": "closed"}
            )
        drive.action_close()
        with self.assertRaises(AccessError):
            self.missing.with_user(self.surveyor).write(values)
        # Clerks at the desk are not bound to drives.
        for user in (self.counter, self.clerk, self.manager):
            self.elsewhere.with_user(user).write({"discom_guardian_name": user.name})

    def test_surveyor_beyond_the_own_offices(self):
        """An area that reaches beyond the surveyor's offices opens nothing there."""
        surveyor = self.create_user("surveyor_a2", "group_field_surveyor", self.subdivision_a2)
        self.create_drive({"user_id": surveyor.id})
        self.assertEqual(self.my_list(surveyor), self.elsewhere)
        with self.assertRaises(AccessError):
            self.missing.with_user(surveyor).write({"discom_guardian_name": "X"})

    def test_who_sees_and_changes_areas(self):
        other = self.create_user("surveyor_other", "group_field_surveyor")
        drive = self.create_drive(
            {"village": "Salkhan"}, {"village": "Kirbil", "user_id": other.id}
        )
        areas = self.env["discom.kyc.drive.area"]
        for user, villages in [
            (self.surveyor, ["Salkhan"]),
            (other, ["Kirbil"]),
            (self.counter, []),
            (self.clerk, ["Kirbil", "Salkhan"]),
            (self.manager, ["Kirbil", "Salkhan"]),
            (self.auditor, ["Kirbil", "Salkhan"]),
            (self.clerk_b, []),
        ]:
            with self.subTest(user=user.login):
                found = areas.with_user(user).search([("drive_id", "=", drive.id)])
                self.assertEqual(sorted(found.mapped("village")), villages)
        for user in (self.surveyor, self.counter, self.clerk, self.auditor):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                drive.with_user(user).action_close()
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                drive.area_ids.with_user(user).write({"user_id": user.id})
        self.assertFalse(
            self.env["discom.kyc.drive"].with_user(self.clerk_b).search([("id", "=", drive.id)])
        )

    def test_visits_are_kept(self):
        drive = self.create_drive({"village": "Salkhan"})
        self.door(self.missing, outcome="closed").action_save()
        visit = self.missing.discom_kyc_visit_ids
        with self.assertRaises(UserError):
            visit.outcome = "taken"
        with self.assertRaises(AccessError):
            visit.with_user(self.manager).unlink()
        forged = self.env["discom.kyc.visit"].with_user(self.surveyor)
        visit = forged.create(
            {
                "partner_id": self.missing.id,
                "outcome": "closed",
                "user_id": self.manager.id,
                "date": "2020-01-01",
                "drive_id": drive.id,
                "area_id": drive.area_ids.id,
            }
        )
        self.assertEqual(visit.user_id, self.surveyor)
        self.assertEqual(visit.date, self.missing._discom_today())
        for user in (self.auditor, self.counter, self.clerk):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                forged.with_user(user).create({"partner_id": self.missing.id, "outcome": "closed"})

    def test_figures_of_the_drive(self):
        drive = self.create_drive({"village": "Salkhan"})
        self.door(self.missing, number="9415261288", consent="all").action_save()
        action = drive.with_user(self.manager).action_open_days()
        report = self.env["discom.kyc.taking"].with_user(self.manager)
        self.assertIn(self.missing, report.search(action["domain"]).partner_id)
        self.assertNotIn(self.elsewhere, report.search(action["domain"]).partner_id)
        consumers = drive.action_open_consumers()["domain"]
        self.assertEqual(self.env["res.partner"].search(consumers), self.own - self.gone)
