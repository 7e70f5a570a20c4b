import logging
import time
from contextlib import nullcontext

from odoo import Command
from odoo.tests import HttpCase, TransactionCase, new_test_user

_logger = logging.getLogger(__name__)

#: Seconds that a class of tests takes at most, and by which India is ahead of UTC.
CLASS_SECONDS, INDIA_AHEAD = 90, 19_800


def wait_for_a_new_day():
    """Wait while a day ends, in UTC or in India: a class that began now would know two days."""
    # The clock that no test freezes.
    now = time.clock_gettime(time.CLOCK_REALTIME)
    left = min(86_400 - (now + ahead) % 86_400 for ahead in (0, INDIA_AHEAD))
    if left < CLASS_SECONDS:
        _logger.info("A day ends in %.0f s; tests go on after it", left)
        time.sleep(left + 1)


class DiscomCommon(TransactionCase):
    """A small discom with two divisions, their network and one user for each role.

    All users work for ``division_a`` but ``clerk_b``, who works for ``division_b``.
    """

    @classmethod
    def setUpClass(cls):
        wait_for_a_new_day()
        super().setUpClass()
        cls.env = cls.env(context=dict(cls.env.context, tracking_disable=True))
        cls.company = cls.env.company
        cls._sequence = 0

        cls.discom = cls.create_office("Discom", "discom")
        cls.division_a = cls.create_office("Division A", "division", cls.discom)
        cls.subdivision_a1 = cls.create_office("Sub-division A1", "subdivision", cls.division_a)
        cls.subdivision_a2 = cls.create_office("Sub-division A2", "subdivision", cls.division_a)
        cls.division_b = cls.create_office("Division B", "division", cls.discom)
        cls.subdivision_b1 = cls.create_office("Sub-division B1", "subdivision", cls.division_b)

        cls.substation_a = cls.create_asset("Substation A", "substation", cls.subdivision_a1)
        cls.feeder_a1 = cls.create_asset(
            "Feeder A1", "feeder", cls.subdivision_a1, cls.substation_a
        )
        cls.feeder_a2 = cls.create_asset(
            "Feeder A2", "feeder", cls.subdivision_a1, cls.substation_a
        )
        cls.transformer_a11 = cls.create_asset(
            "Transformer A11", "transformer", cls.subdivision_a1, cls.feeder_a1
        )
        cls.transformer_a12 = cls.create_asset(
            "Transformer A12", "transformer", cls.subdivision_a1, cls.feeder_a1
        )
        cls.substation_b = cls.create_asset("Substation B", "substation", cls.subdivision_b1)
        cls.feeder_b1 = cls.create_asset(
            "Feeder B1", "feeder", cls.subdivision_b1, cls.substation_b
        )
        cls.transformer_b11 = cls.create_asset(
            "Transformer B11", "transformer", cls.subdivision_b1, cls.feeder_b1
        )

        cls.category = cls.env["discom.category"].search([("code", "=", "LMV-1")]) or cls.env[
            "discom.category"
        ].create({"code": "LMV-1", "name": "Domestic"})

        cls.clerk = cls.create_user("test_clerk", "group_billing_clerk")
        cls.counter = cls.create_user("test_counter", "group_counter_clerk")
        cls.surveyor = cls.create_user("test_surveyor", "group_field_surveyor")
        cls.operator = cls.create_user("test_operator", "group_outage_operator")
        cls.manager = cls.create_user("test_manager", "group_division_manager")
        cls.auditor = cls.create_user("test_auditor", "group_auditor")
        cls.administrator = cls.create_user("test_administrator", "group_administrator")
        cls.clerk_b = cls.create_user("test_clerk_b", "group_billing_clerk", cls.division_b)

    @classmethod
    def create_office(cls, name, level, parent=None, **vals):
        """Create an office with a code made from its name."""
        return cls.env["discom.office"].create(
            {
                "name": name,
                "code": f"TEST {name}",
                "level": level,
                "parent_id": parent.id if parent else False,
                **vals,
            }
        )

    @classmethod
    def create_asset(cls, name, kind, office, parent=None, **vals):
        """Create an asset with a code made from its name."""
        return cls.env["discom.asset"].create(
            {
                "name": name,
                "code": f"TEST {name}",
                "kind": kind,
                "office_id": office.id,
                "parent_id": parent.id if parent else False,
                **vals,
            }
        )

    @classmethod
    def create_user(cls, login, group, offices=None):
        """Create a user with one role, password as login, on ``division_a`` by default."""
        return new_test_user(
            cls.env,
            login=login,
            password=login,
            groups=f"discom.{group}",
            discom_office_ids=(offices or cls.division_a).ids,
        )

    @classmethod
    def create_consumer(cls, **vals):
        """Create a live domestic consumer of sub-division A1 on transformer A11.

        Account and mobile number are new with each call; pass ``discom_whatsapp_number=False``
        for a consumer without a number.
        """
        cls._sequence += 1
        return cls.env["res.partner"].create(
            {
                "name": f"Consumer {cls._sequence}",
                "discom_name_hi": f"उपभोक्ता {cls._sequence}",
                "discom_consumer": True,
                "discom_account_no": f"{7_700_000_000 + cls._sequence}",
                "discom_office_id": cls.subdivision_a1.id,
                "discom_asset_id": cls.transformer_a11.id,
                "discom_category_id": cls.category.id,
                "discom_area": "rural",
                "discom_whatsapp_number": f"+919{415_200_000 + cls._sequence}",
                **vals,
            }
        )

    @classmethod
    def create_drive(cls, *areas, start=True):
        """Create a running drive of ``division_a``.

        :param areas: values of each area, by default of ``surveyor`` in ``division_a``
        """
        drive = cls.env["discom.kyc.drive"].create(
            {
                "name": "Winter drive",
                "office_id": cls.division_a.id,
                "date_start": "2026-01-01",
                "date_end": "2099-12-31",
                "area_ids": [
                    Command.create(
                        {"user_id": cls.surveyor.id, "office_id": cls.division_a.id, **area}
                    )
                    for area in areas
                ],
            }
        )
        if start:
            drive.action_start()
        return drive

    def run_cron(self, cron):
        """Run a scheduled action as the scheduler does."""
        self.env.flush_all()
        # Odoo's HttpCase is in this mode from its start.
        mode = nullcontext() if isinstance(self, HttpCase) else self.enter_registry_test_mode()
        with mode:
            cron.method_direct_trigger()
        self.env.invalidate_all()
