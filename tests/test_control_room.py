from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.base.tests.test_ir_cron import CronMixinCase

from ..models import report_control_room
from .common_control_room import NOW, ControlRoomCommon

ALL = {"outages", "approvals", "messages", "bills", "kyc", "collection", "dues", "numbers"}


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestControlRoom(ControlRoomCommon, CronMixinCase):
    # === FIGURES === #

    def test_figures_are_their_records(self):
        """Each figure counts exactly the records that it leads to, for each role and office."""
        self.outage(self.feeder_a1, extra_villages="salkhan")
        users = (
            *(self.manager, self.clerk, self.counter, self.surveyor, self.operator),
            *(self.auditor, self.administrator, self.clerk_b),
        )
        seen = set()
        for user in users:
            for office in (False, *user.discom_scope_ids, self.subdivision_a2):
                if office == self.subdivision_a2 and user == self.clerk_b:
                    continue
                for figure in self.walk(self.figures(user, office)):
                    records = self.env[figure["model"]].with_user(user)
                    with self.subTest(user=user.login, office=office, title=figure["title"]):
                        self.assertEqual(
                            records.search_count(figure["domain"]), figure["value"], figure
                        )
                        if "field" in figure:
                            total = sum(records.search(figure["domain"]).mapped(figure["field"]))
                            self.assertAlmostEqual(total, figure["amount"], 2, figure)
                        self.assertIn(figure["model"], report_control_room.ACTIONS)
                    seen.add(figure["model"])
        self.assertLess(
            {"res.partner", "discom.bill", "discom.whatsapp.message", "discom.payment"}, seen
        )

    def test_lists_exist(self):
        """The action by which a figure opens lists its model."""
        for model, xmlid in report_control_room.ACTIONS.items():
            action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
            self.assertEqual(action["res_model"], model)
            self.assertIn("list", [kind for _view, kind in action["views"]], model)

    def test_offices(self):
        """A sub-division has its own figures, and only the own offices can be chosen."""
        whole, part = self.figures(), self.figures(office=self.subdivision_a2)
        self.assertEqual(whole["data"]["kyc"]["rows"][0]["total"]["value"], 7)
        self.assertEqual(part["data"]["kyc"]["rows"][0]["total"]["value"], 4)
        self.assertEqual(part["data"]["collection"]["this"]["amount"], 75.25)
        self.assertEqual(
            [(office["id"], office["depth"]) for office in whole["offices"]],
            [
                (self.division_a.id, 0),
                (self.subdivision_a1.id, 1),
                (self.subdivision_a2.id, 1),
            ],
        )
        for office in (self.subdivision_b1.id, self.discom.id, 2**40, "x", [1]):
            with self.assertRaises(AccessError):
                self.room.with_user(self.manager).figures(office)

    def test_names_in_hindi(self):
        self.subdivision_a2.name_hi = "उपखंड अ-2"
        self.feeder_a1.name_hi = "फीडर अ"
        self.outage(self.feeder_a1)
        answer = self.room.with_user(self.manager).with_context(lang="hi_IN").figures()
        self.assertIn("उपखंड अ-2", [office["name"] for office in answer["offices"]])
        self.assertEqual(answer["data"]["outages"]["list"][0]["name"], "फीडर अ")

    def test_office_that_moved(self):
        """Figures follow the tree at once, although they were counted before."""
        self.subdivision_b1.parent_id = self.division_a
        total = self.figures()["data"]["kyc"]["rows"][0]["total"]["value"]
        self.assertEqual(total, 9)

    # === RIGHTS === #

    def test_sections_of_roles(self):
        """Each role sees its work first; the counter sees no sending numbers."""
        names = {
            user: self.figures(user)["sections"]
            for user in (self.manager, self.operator, self.counter, self.surveyor, self.auditor)
        }
        self.assertEqual(set(names[self.manager]), ALL)
        self.assertEqual(set(self.figures(self.administrator)["sections"]), ALL)
        self.assertEqual(names[self.operator][0], "outages")
        self.assertNotIn("numbers", names[self.counter])
        self.assertNotIn("collection", names[self.surveyor])
        self.assertNotIn("approvals", names[self.auditor])

    def test_daily_work(self):
        """Each role finds its own work above the figures, and sees the menus that lead there."""
        first = {
            self.manager: "discom.discom_bill_run_menu",
            self.auditor: "discom.discom_audit_entry_menu",
            self.clerk: "discom.discom_bill_run_menu",
            self.operator: "discom.discom_asset_menu_report_outage",
            self.counter: "discom.discom_kyc_counter_menu",
            self.surveyor: "discom.discom_kyc_field_menu",
        }
        for user, menu in first.items():
            with self.subTest(user=user.login):
                menus = self.room.with_user(user).figures()["work"]
                self.assertEqual(menus[0], menu)
                shown = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
                for xmlid in menus:
                    self.assertIn(self.env.ref(xmlid).id, shown, xmlid)

    def test_app_opens_after_login(self):
        """Odoo opens the first app: it is this one, for all who have a role in it."""
        for user in (self.manager, self.surveyor):
            menus = self.env["ir.ui.menu"].with_user(user).search([("parent_id", "=", False)])
            self.assertEqual(
                menus._filter_visible_menus()[0], self.env.ref("discom.menu_discom_root")
            )

    def test_what_may_not_be_read_is_not_counted(self):
        """Who loses the right to read a model loses its figures."""
        self.env.ref("discom.access_discom_payment_staff").perm_read = False
        self.env.ref("discom.access_discom_payment_counter_clerk").perm_read = False
        answer = self.figures(self.counter)
        self.assertNotIn("collection", answer["sections"])
        self.assertNotIn("collection", answer["data"])

    def test_strangers(self):
        """Without a role nobody asks, and the kept figures are read by nobody."""
        stranger = new_test_user(self.env, "test_room_stranger")
        with self.assertRaises(AccessError):
            self.figures(stranger)
        portal = new_test_user(self.env, "test_room_portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            self.figures(portal)
        with self.assertRaises(AccessError):
            self.env["discom.figure"].with_user(self.administrator).search([])

    def test_context_of_a_client_widens_nothing(self):
        """What a client sends beside the office is not believed."""
        room = self.room.with_user(self.clerk).with_context(
            discom_offices=[self.subdivision_b1.id], discom_roots=[self.division_b.id]
        )
        self.assertEqual(room.figures()["data"]["bills"]["issued"]["value"], 5)

    def test_without_offices(self):
        nobody = self.create_user("test_room_nobody", "group_billing_clerk")
        nobody.discom_office_ids = False
        answer = self.figures(nobody)
        self.assertEqual(answer["offices"], [])
        self.assertFalse(any(figure["value"] for figure in self.walk(answer)))

    # === AS OF WHEN === #

    def test_counted_again_when_old(self):
        """Old figures are counted anew while one waits, where that is quick."""
        self.create_consumer()
        self.assertEqual(self.figures()["data"]["kyc"]["rows"][0]["total"]["value"], 7)
        with freeze_time("2026-11-10 06:02:00"):
            answer = self.figures()
        self.assertEqual(answer["data"]["kyc"]["rows"][0]["total"]["value"], 8)
        self.assertEqual(answer["as_of"], "2026-11-10 06:02:00")

    def test_counted_in_the_background_where_that_takes_long(self):
        """The screen shows what there is, with its time, and wakes who counts."""
        self.create_consumer()
        done = self.env["discom.figure"].search([("kind", "=", "done")])
        done.amount = 1.5
        cron = self.env.ref("discom.ir_cron_report_figure")
        with (
            freeze_time("2026-11-10 06:02:00"),
            self.capture_triggers("discom.ir_cron_report_figure") as triggered,
        ):
            answer = self.figures()
            self.assertEqual(answer["as_of"], NOW)
            self.assertEqual(answer["data"]["kyc"]["rows"][0]["total"]["value"], 7)
            self.assertEqual(len(triggered.records), 1)
            # Who asks for it with the button waits for it.
            answer = self.figures(fresh=True)
            self.assertEqual(answer["data"]["kyc"]["rows"][0]["total"]["value"], 8)
        with freeze_time("2026-11-10 06:10:00"):
            cron.ir_actions_server_id.run()
            self.assertEqual(self.env["discom.figure"]._last()[0].minute, 10)

    def test_one_counts_at_a_time(self):
        """Who comes while somebody else counts goes on with what there is."""
        # This transaction has counted and is not at its end.
        with self.registry.cursor() as other:
            self.assertFalse(self.env(cr=other)["discom.figure"]._refresh())

    def test_yesterday_is_not_today(self):
        """After midnight in India yesterday's messages are not shown as those of today."""
        with (
            freeze_time("2026-11-10 18:31:00"),
            patch.object(report_control_room, "QUICK", 0),
        ):
            sent = self.figures()["data"]["messages"]["total"]["outcomes"][0]["figure"]
            self.assertEqual(sent["value"], 0)

    # === A FRESH DATABASE === #

    def test_what_to_do_first(self):
        """An administrator without consumers is led; others are told whom to ask."""
        office = self.create_office("Empty", "division", self.discom)
        steps = self.figures(self.administrator, office)["steps"]
        done = {step["label"]: step["done"] for step in steps}
        self.assertEqual(len(done), self.env["discom.setup.step"].search_count([]))
        self.assertTrue(done[self.env["discom.setup.step"].search([("code", "=", "users")]).name])
        clerk = self.create_user("test_room_clerk", "group_billing_clerk", office)
        self.assertEqual([step["id"] for step in self.figures(clerk)["steps"]], [False])
        self.assertEqual(self.figures(self.clerk)["steps"], [])

    def test_waiting_is_searched(self):
        """The filter *Waiting* finds the queue, and its contrary the rest."""
        messages = self.env["discom.whatsapp.message"]
        waiting = messages.search([("waiting", "=", True)])
        self.assertEqual(set(waiting.mapped("state")), {"queued"})
        self.assertTrue(all(waiting.mapped("waiting")))
        rest = messages.search([("waiting", "!=", True)])
        self.assertEqual(waiting | rest, messages.search([]))
        self.assertFalse(waiting & rest)
        self.assertFalse(messages.search([("waiting", "in", [])]))


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestControlRoomWork(ControlRoomCommon):
    """Outages, approvals, the queue and the numbers: what is counted at the moment itself."""

    def test_outages(self):
        """Who is without supply counts once, in how many outages ever, villages included."""
        self.outage(self.feeder_a1)
        late = self.outage(self.transformer_a11, date_end_expected="2026-11-10 05:30:00")
        self.outage(self.feeder_b1)
        self.outage(self.feeder_a2, state="restored", date_end="2026-11-10 05:20:00")
        self.outage(
            self.feeder_a2,
            state="announced",
            date_start="2026-11-11 05:00:00",
            date_end_expected="2026-11-11 09:00:00",
        )
        section = self.figures()["data"]["outages"]
        self.assertEqual(
            [section[key]["value"] for key in ("now", "people", "late", "ahead")], [2, 7, 1, 1]
        )
        self.assertEqual(section["list"][0]["id"], late.id)
        self.assertTrue(section["list"][0]["late"])
        self.assertEqual([row["people"] for row in section["list"]], [7, 7])

    def test_villages_by_hand(self):
        """A village that an outage names by hand counts although its assets do not feed it."""
        outage = self.outage(self.feeder_a2, extra_villages="Salkhan")
        section = self.figures()["data"]["outages"]
        self.assertEqual(section["people"]["value"], 3)
        self.assertEqual(section["list"][0]["people"], outage.partner_count)

    def test_likely_breakdowns(self):
        self.env["discom.outage.suggestion"].create({"asset_id": self.transformer_a11.id})
        self.assertEqual(self.figures(self.operator)["data"]["outages"]["likely"]["value"], 1)

    def approvals(self, user):
        items = self.figures(user)["data"]["approvals"]["items"]
        return {item["key"]: item["figure"]["value"] for item in items}

    def test_approvals(self):
        """What waits for the manager; not what he has made himself, nor what others decide."""
        self.held.with_user(self.clerk)._set_author()
        self.assertEqual(self.approvals(self.manager), {"held": 1})
        self.assertEqual(self.approvals(self.clerk), {})
        self.create_bill(self.a2[3], 11, issue=False)
        run = (
            self.env["discom.bill.run"]
            .with_user(self.clerk)
            .create({"office_id": self.subdivision_a2.id, "period": "2026-11-01"})
        )
        run.action_check()
        self.assertEqual(run.state, "checked")
        arrears = (
            self.env["discom.notice.run"]
            .with_user(self.clerk)
            .create({"office_id": self.division_a.id, "date": "2026-11-10"})
        )
        arrears._set(state="submitted")
        broadcast = self.env["discom.whatsapp.broadcast"].create(
            {
                "name": "Large",
                "account_id": self.account.id,
                "user_id": self.clerk.id,
                "office_id": self.division_a.id,
                "res_model": "discom.bill",
                "res_domain": "[]",
                "purpose": "bill",
                "state": "to_approve",
            }
        )
        self.assertEqual(
            self.approvals(self.manager), {"held": 1, "run": 1, "arrears": 1, "broadcast": 1}
        )
        self.assertNotIn("approvals", self.figures(self.operator)["data"])
        self.assertNotIn("run", self.approvals(self.clerk))
        run.with_user(self.manager).action_approve()
        broadcast.user_id = self.manager
        self.assertEqual(self.approvals(self.manager), {"held": 1, "arrears": 1})

    def numbers(self, user=None):
        return self.figures(user)["data"]["numbers"]["numbers"]

    def test_queue(self):
        """What waits, by lane, of the own offices; the time left counts what others have queued."""
        [number] = self.numbers()
        self.assertEqual(number["queue"]["value"], 2)
        self.assertEqual(
            [(lane["label"], lane["figure"]["value"]) for lane in number["lanes"]],
            [("Outages", 1), ("Bills", 1)],
        )
        # Three in all, one left in the last minute: three minutes.
        self.assertEqual((number["pace"], number["left"]), (1, "3 min"))
        self.assertEqual(self.figures()["data"]["messages"]["rate"]["value"], 1)

    def test_queue_that_stands_still(self):
        """Why nothing leaves stands beside what waits."""
        self.account.write({"state": "halted", "halt_reason": "Token expired"})
        [number] = self.numbers()
        self.assertIn("Token expired", number["reason"])
        self.assertFalse(number["left"])

    def test_red_says_what_to_do(self):
        self.account.write({"state": "halted", "halt_reason": "Token expired"})
        [number] = self.numbers(self.clerk)
        self.assertEqual(number["level"], "red")
        self.assertEqual(number["advice"][0]["key"], "connection")
        self.assertIn("Resume sending", number["advice"][0]["advice"])

    def test_health_is_that_of_the_number(self):
        """The light is the one that the sending number itself shows."""
        [number] = self.numbers()
        self.assertEqual(number["level"], self.account.health_level)

    def test_numbers_of_other_offices(self):
        self.account.office_ids = [Command.set(self.division_b.ids)]
        self.env["discom.figure"]._refresh()
        self.assertEqual(self.numbers(), [])
        self.assertEqual(len(self.numbers(self.administrator)), 1)
