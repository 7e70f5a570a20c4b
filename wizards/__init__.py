from . import whatsapp_composer
from . import outage_update
from . import discom_consent_ask
from . import report_mixin
from . import bill_delivery_register
