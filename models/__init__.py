from . import network_node
from . import network_office
from . import network_asset
from . import consumer_category
from . import consumer_consent
from . import consumer_consent_notice
from . import consumer_res_partner
from . import consumer_partner_search
from . import consumer_res_users
from . import whatsapp_mixin
from . import whatsapp_audience
from . import whatsapp_account
from . import whatsapp_account_api
from . import whatsapp_template
from . import whatsapp_template_button
from . import whatsapp_template_lint
from . import whatsapp_template_submit
from . import whatsapp_template_variable
from . import whatsapp_event
from . import whatsapp_broadcast
from . import whatsapp_message
from . import whatsapp_message_inbound
from . import whatsapp_message_status
from . import whatsapp_message_job
from . import whatsapp_lane
from . import whatsapp_lane_limit
from . import bill_basis
from . import bill
from . import bill_line
from . import bill_payment
from . import bill_settlement
from . import bill_workflow
from . import bill_res_company
from . import bill_res_partner
from . import bill_document
from . import bill_whatsapp
from . import import_file
from . import import_engine
from . import import_refusals
from . import import_network
from . import import_consumer
from . import import_kyc
from . import import_bill
from . import import_payment
from . import outage_reason
from . import outage
from . import outage_audience
from . import outage_check
from . import outage_asset
from . import outage_res_partner
from . import outage_whatsapp_broadcast
from . import report_job
from . import (
    bill_basis,
    bill,
    bill_line,
    bill_payment,
    bill_settlement,
    bill_workflow,
    bill_res_company,
    bill_document,
    bill_whatsapp,
)
from . import report_ir_actions_report
