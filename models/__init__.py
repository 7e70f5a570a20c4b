from . import whatsapp_message
from . import whatsapp_message_status
from . import whatsapp_lane
from . import whatsapp_mixin
from . import whatsapp_audience
from . import whatsapp_broadcast
