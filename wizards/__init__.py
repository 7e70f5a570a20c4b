from . import whatsapp_composer
from . import outage_update
from . import discom_consent_ask
from . import discom_kyc_door
from . import report_mixin
from . import discom_kyc_sheet
from . import bill_delivery_register
from . import base_partner_merge
