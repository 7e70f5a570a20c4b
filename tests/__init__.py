from . import test_consumer_access
from . import test_whatsapp_composer
from . import test_whatsapp_lane
