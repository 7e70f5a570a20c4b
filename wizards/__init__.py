from . import whatsapp_composer
from . import outage_update
from . import discom_consent_ask
