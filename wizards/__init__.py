from . import whatsapp_composer
from . import outage_update
