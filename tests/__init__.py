from . import test_consumer_access
from . import test_whatsapp_composer
from . import test_whatsapp_lane
from . import test_outage
from . import test_outage_audience
from . import test_report
