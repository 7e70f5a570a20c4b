from . import whatsapp_account
from . import whatsapp_event
from . import whatsapp_template
from . import whatsapp_template_button
from . import whatsapp_template_submit
from . import whatsapp_template_variable
