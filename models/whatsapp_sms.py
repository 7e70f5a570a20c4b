"""Odoo's SMS queue with a gateway registered with India's DLT platforms behind it."""

import logging

import requests

from odoo import fields, models

from odoo.addons.sms.tools.sms_api import SmsApiBase

from ..tools import sms_gateway

_logger = logging.getLogger(__name__)


class DltSmsApi(SmsApiBase):
    """Sends the SMS of ``discom.whatsapp.fallback`` through the gateway of their company."""

    def _send_sms_batch(self, messages, delivery_reports_url=False):
        """Send each SMS with its header and its DLT ids; see ``sms``.

        :return: list of ``uuid``, ``state`` and ``failure_reason``
        """
        # sudo: the gateway is readable by administrators only.
        company = self.company.sudo()
        gateway_fields = sms_gateway.parse_fields(company.discom_sms_fields)
        uuids = [number["uuid"] for message in messages for number in message["numbers"]]
        # sudo: SMS are the administrators'; who is called sends these.
        rows = {
            sms.uuid: sms.discom_fallback_id
            for sms in self.env["sms.sms"].sudo().search([("uuid", "in", uuids)])
        }
        results = []
        with requests.Session() as session:
            for message in messages:
                for number in message["numbers"]:
                    template = rows[number["uuid"]].sms_template_id
                    digits = "".join(filter(str.isdigit, number["number"] or ""))
                    values = {
                        "number": digits,
                        "number10": digits[-10:],
                        "text": message["content"],
                        "entity": company.discom_dlt_entity_id or "",
                        "header": template.header or "",
                        "template": template.dlt_template_id or "",
                        "key": company.discom_sms_key or "",
                        "uuid": number["uuid"],
                    }
                    result = {"uuid": number["uuid"], "state": "success"}
                    try:
                        sms_gateway.send(
                            session,
                            company.discom_sms_url,
                            gateway_fields,
                            values,
                            company.discom_sms_success or "",
                        )
                    except sms_gateway.GatewayError as error:
                        result.update(state="server_error", failure_reason=str(error))
                    results.append(result)
        return results


class SmsSms(models.Model):
    _inherit = "sms.sms"

    discom_fallback_id = fields.Many2one(
        "discom.whatsapp.fallback", index="btree_not_null", ondelete="cascade", readonly=True
    )

    def _get_sms_company(self):
        companies = self.discom_fallback_id.message_id.account_id.company_id
        return companies or super()._get_sms_company()

    def _send(self, *args, **kwargs):
        """SMS in place of messages go to the gateway of their company, all others as ever."""
        ours = self.filtered("discom_fallback_id")
        for company, batch in ours.grouped(lambda sms: sms._get_sms_company()).items():
            api = DltSmsApi(self.env)
            api._set_company(company)
            super(SmsSms, batch.with_context(sms_api=api))._send(*args, **kwargs)
        others = self - ours
        return super(SmsSms, others)._send(*args, **kwargs) if others else None

    def _handle_call_result_hook(self, results):
        """Note on the rows what became of their SMS."""
        reasons = {
            result["uuid"]: (result["state"], result.get("failure_reason")) for result in results
        }
        now = fields.Datetime.now()
        for sms in self.filtered("discom_fallback_id"):
            state, reason = reasons[sms.uuid]
            sms.discom_fallback_id.write(
                {"state": "sent", "date_done": now, "note": False}
                if state == "success"
                else {"state": "failed", "note": reason or state}
            )
        return super()._handle_call_result_hook(results)
