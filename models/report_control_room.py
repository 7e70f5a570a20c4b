from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

#: Seconds after which figures are counted anew when somebody looks at them.
STALE = 45
#: Counting that takes no longer (seconds) is done while the screen waits.
QUICK = 0.3
#: The same for who asks for new figures with the button.
PATIENT = 5
#: What each role watches, the most urgent first. Who has several roles sees the first row that is
#: his, and of it what he may read.
ROLES = [
    (
        "discom.group_division_manager",
        ("outages", "approvals", "messages", "bills", "kyc", "collection", "dues", "numbers"),
    ),
    (
        "discom.group_auditor",
        ("bills", "messages", "collection", "dues", "kyc", "outages", "numbers"),
    ),
    (
        "discom.group_billing_clerk",
        ("bills", "messages", "numbers", "approvals", "collection", "dues", "kyc", "outages"),
    ),
    ("discom.group_outage_operator", ("outages", "messages", "numbers", "kyc")),
    ("discom.group_counter_clerk", ("collection", "kyc", "outages", "dues")),
    ("discom.group_field_surveyor", ("kyc", "outages")),
]
#: Menus of the daily work of each role, offered above the figures: whoever opens the app is one
#: click away from it. The first row that is the user's counts here too.
WORK = [
    (
        "discom.group_division_manager",
        (
            "discom.discom_bill_run_menu",
            "discom.menu_discom_whatsapp_inbox",
            "discom.discom_asset_menu_report_outage",
        ),
    ),
    ("discom.group_auditor", ("discom.discom_audit_entry_menu",)),
    (
        "discom.group_billing_clerk",
        (
            "discom.discom_bill_run_menu",
            "discom.discom_bill_menu",
            "discom.menu_discom_whatsapp_inbox",
        ),
    ),
    (
        "discom.group_outage_operator",
        ("discom.discom_asset_menu_report_outage", "discom.discom_outage_menu_now"),
    ),
    (
        "discom.group_counter_clerk",
        ("discom.discom_kyc_counter_menu", "discom.discom_payment_counter_menu"),
    ),
    ("discom.group_field_surveyor", ("discom.discom_kyc_field_menu",)),
]
#: What a user must be allowed to read to see a section.
READS = {
    "kyc": ("res.partner", "discom.kyc.report"),
    "bills": ("discom.bill",),
    "messages": ("discom.whatsapp.message",),
    "numbers": ("discom.whatsapp.message", "discom.whatsapp.account"),
    "collection": ("discom.payment",),
    "dues": ("discom.ageing",),
    "outages": ("discom.outage", "res.partner"),
    "approvals": (),
}
#: Action that lists the records of a model; its views are taken, its filters are not.
ACTIONS = {
    "res.partner": "discom.discom_consumer_action",
    "discom.ageing": "discom.discom_ageing_action",
    "discom.bill": "discom.discom_bill_action",
    "discom.bill.run": "discom.discom_bill_run_action",
    "discom.export.request": "discom.discom_export_request_action",
    "discom.notice.run": "discom.discom_notice_run_action",
    "discom.outage": "discom.discom_outage_action",
    "discom.outage.suggestion": "discom.discom_outage_suggestion_action",
    "discom.payment": "discom.discom_payment_action",
    "discom.payment.plan": "discom.discom_payment_plan_action",
    "discom.whatsapp.account": "discom.discom_whatsapp_account_action",
    "discom.whatsapp.broadcast": "discom.discom_whatsapp_broadcast_action",
    "discom.whatsapp.message": "discom.discom_whatsapp_message_action",
}


class DiscomControlRoom(models.AbstractModel):
    """What the control room shows, in one call: figures of an office, each with the domain of
    exactly the records it counts.

    A figure is a dict ``{"value", "model", "domain", "title"}``; one of money has ``amount`` and
    ``field``, whose sum over these records it is.
    """

    _name = "discom.control.room"
    _description = "Control Room"

    @api.model
    def figures(self, office_id=False, fresh=False):
        """Return the figures of an office of the user and of those below it.

        :param int office_id: False for all offices of the user
        :param bool fresh: count everything anew, where that does not take long
        :raise AccessError: for who has no role, or no right to see that office
        """
        if not self.env.user.has_group("discom.group_staff"):
            raise AccessError(self.env._("The control room is for the staff of the division."))
        roots = self._roots(office_id)
        as_of = self._counted(bool(fresh))
        room = self.with_context(discom_roots=roots.ids, discom_offices=self._below(roots).ids)
        names = room._section_names()
        result = {
            "as_of": fields.Datetime.to_string(as_of) if as_of else False,
            "now": fields.Datetime.to_string(fields.Datetime.now()),
            "office": roots.id if office_id else False,
            "offices": self._offered(),
            "sections": names,
            "work": room._work_menus(),
            "data": {name: getattr(room, f"_section_{name}")() for name in names},
            "actions": ACTIONS,
        }
        result["steps"] = room._first_steps() if room._is_empty() else []
        return result

    # === OFFICES === #

    def _scope(self):
        """Offices of the user, of the companies that he has chosen."""
        return self.env["discom.office"].search([("id", "in", self.env.user.discom_scope_ids.ids)])

    def _roots(self, office_id):
        """The office asked for, or all of the user."""
        scope = self._scope()
        if not office_id:
            return scope
        # It comes from a client, which may send anything.
        known = isinstance(office_id, int) and 0 < office_id < 2**31
        office = self.env["discom.office"].search(
            [("id", "=", office_id if known else 0), ("id", "child_of", scope.ids)]
        )
        if not office:
            raise AccessError(
                self.env._(
                    "This office is not among yours. Choose another, or ask the "
                    "administrator to give you this one."
                )
            )
        return office

    def _below(self, roots):
        offices = self.env["discom.office"].with_context(active_test=False)
        return offices.search([("id", "child_of", roots.ids)])

    def _offered(self):
        """Offices that the user may choose from, in the order of the tree."""
        offices = self._below(self._scope()).filtered("active")
        hindi = (self.env.lang or "").startswith("hi")
        names = {office.id: (hindi and office.name_hi) or office.name for office in offices}
        tops = self._scope()
        depth = min((office.parent_path.count("/") for office in tops), default=0)
        return [
            {
                "id": office.id,
                "name": names[office.id],
                "depth": office.parent_path.count("/") - depth,
            }
            for office in offices.sorted(
                lambda office: [
                    (names.get(int(part), ""), int(part))
                    for part in office.parent_path.split("/")
                    if part
                ]
            )
        ]

    def _office_domain(self, field="office_id"):
        return [(field, "child_of", self.env.context["discom_roots"])]

    # === COUNTED BEFORE === #

    def _counted(self, fresh):
        """See that the kept figures are not old; return when they were counted."""
        # sudo: nobody reads the figures of all offices; those of the own ones are taken from them.
        figures = self.env["discom.figure"].sudo()
        date, seconds = figures._last()
        age = (fields.Datetime.now() - date).total_seconds() if date else None
        if age is None or fresh and seconds < PATIENT or age >= STALE and seconds < QUICK:
            if figures._refresh():
                date = figures._last()[0]
        elif age >= STALE:
            self.env.ref("discom.ir_cron_report_figure")._trigger()
        return date

    def _kept(self, kind, groupby, where=None):
        """Return {group: (number, part, amount)} of the kept figures of the offices looked at.

        :param str kind: of ``discom.figure``
        :param list groupby: columns
        :param SQL where: condition on the rows
        """
        columns = SQL(", ").join(map(SQL.identifier, groupby))
        rows = self.env.execute_query(
            SQL(
                """
                SELECT %(columns)s, COALESCE(sum(number), 0)::bigint,
                       COALESCE(sum(part), 0)::bigint, COALESCE(sum(amount), 0)
                  FROM discom_figure
                 WHERE kind = %(kind)s AND office_id = ANY(%(offices)s) AND %(where)s
                 GROUP BY %(columns)s
                """,
                columns=columns,
                kind=kind,
                offices=self.env.context["discom_offices"],
                where=where or SQL("TRUE"),
            )
        )
        return {row[:-3]: row[-3:] for row in rows}

    @api.model
    def _figure(self, value, model, domain, title, **more):
        return {
            "value": value,
            "model": model,
            "domain": list(Domain(domain)) if isinstance(domain, Domain) else domain,
            "title": title,
            **more,
        }

    # === SECTIONS === #

    def _section_names(self):
        """Sections for the role of the user, of what he may read, in order of their urgency."""
        user = self.env.user
        for group, sections in ROLES:
            if user.has_group(group):
                return [
                    name
                    for name in sections
                    if all(self.env[model].has_access("read") for model in READS[name])
                ]
        return []

    def _work_menus(self):
        """External ids of the menus of the daily work; the client knows those that are shown."""
        user = self.env.user
        return next((menus for group, menus in WORK if user.has_group(group)), ())

    def _is_empty(self):
        """Whether there is nothing to look at yet."""
        return not self.env["res.partner"].search_count(
            [("discom_consumer", "=", True), *self._office_domain("discom_office_id")], limit=1
        )
