from odoo import models
from odoo.tools import SQL

STATUS_COLUMNS = ("status", "status_date", "temporary_date", "permanent_date")


class DiscomImport(models.Model):
    """Since when the connections of the consumer master stand as they do.

    The dates that hold after the row are worked out in the plan, from the row and what is known:
    a connection that is live again loses the dates of its disconnection.
    """

    _inherit = "discom.import"

    def _plan_consumer(self, stage):
        planned = super()._plan_consumer(stage)
        if not any(map(self._uses, (*STATUS_COLUMNS, "connection_date"))):
            return planned
        return SQL(
            """
            SELECT planned.row_no, planned.record_id, planned.office_id, planned.asset_id,
                   planned.category_id, planned.hash, planned.old_hash,
                   since.temporary_on, since.permanent_on,
                   COALESCE(planned.reason, CASE
                       WHEN s.connection_date > %(today)s THEN %(future_connection)s
                       WHEN since.temporary_on > %(today)s THEN %(future_temporary)s
                       WHEN since.permanent_on > %(today)s THEN %(future_permanent)s
                       WHEN since.connected_on > LEAST(since.temporary_on, since.permanent_on)
                            OR since.temporary_on > since.permanent_on THEN %(order)s
                   END) AS reason
              FROM (%(planned)s) planned
              JOIN %(stage)s s ON s.row_no = planned.row_no
         LEFT JOIN res_partner partner ON partner.id = planned.record_id
CROSS JOIN LATERAL (SELECT COALESCE(s.status, partner.discom_status, 'live') AS status) now
CROSS JOIN LATERAL (SELECT COALESCE(s.connection_date, partner.discom_connection_date)
                               AS connected_on,
                           CASE WHEN now.status <> 'live' THEN COALESCE(
                               s.temporary_date,
                               CASE WHEN now.status = 'temporary' THEN s.status_date END,
                               partner.discom_temporary_date) END AS temporary_on,
                           CASE WHEN now.status = 'permanent' THEN COALESCE(
                               s.permanent_date, s.status_date,
                               partner.discom_permanent_date) END AS permanent_on) since
            """,
            planned=planned,
            stage=stage,
            today=self.env["discom.bill"]._today(),
            future_connection=self._refusal("future", "connection_date", SQL("s.connection_date")),
            future_temporary=self._refusal("future", "temporary_date", SQL("since.temporary_on")),
            future_permanent=self._refusal("future", "permanent_date", SQL("since.permanent_on")),
            order=self._refusal(
                "date_order",
                "status",
                SQL("concat_ws(', ', since.connected_on, since.temporary_on, since.permanent_on)"),
            ),
        )

    def _consumer_values(self):
        values = super()._consumer_values()
        if any(map(self._uses, STATUS_COLUMNS)):
            values["discom_temporary_date"] = SQL("r.temporary_on")
            values["discom_permanent_date"] = SQL("r.permanent_on")
        return values

    def _refusal_texts(self):
        return {
            **super()._refusal_texts(),
            "date_order": self.env._(
                "The dates %(value)s are out of order: connected, then disconnected temporarily, "
                "then permanently."
            ),
        }
