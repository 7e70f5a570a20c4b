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
)
