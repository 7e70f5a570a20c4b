from . import whatsapp_composer
from . import outage_update
from . import report_mixin
from . import bill_delivery_register
