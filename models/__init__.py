from . import (
    whatsapp_message,
    whatsapp_message_status,
    whatsapp_lane,
    whatsapp_mixin,
    whatsapp_audience,
    whatsapp_broadcast,
)
