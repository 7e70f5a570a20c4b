from . import whatsapp_message
from . import whatsapp_message_status
from . import whatsapp_lane
from . import whatsapp_mixin
from . import whatsapp_audience
from . import whatsapp_broadcast
from . import (
    network_node,
    network_office,
    network_asset,
    consumer_category,
    consumer_consent,
    consumer_res_partner,
    consumer_res_users,
    outage_reason,
    outage,
    outage_audience,
    outage_check,
    outage_asset,
    outage_res_partner,
)
from . import whatsapp_account
from . import whatsapp_event
from . import whatsapp_template
from . import whatsapp_template_button
from . import whatsapp_template_submit
from . import whatsapp_template_variable
from . import (
    bill_basis,
    bill,
    bill_line,
    bill_payment,
    bill_settlement,
    bill_workflow,
)
