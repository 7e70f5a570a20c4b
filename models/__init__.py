from . import (
    network_node,
    network_office,
    network_asset,
    consumer_category,
    consumer_consent,
    consumer_res_partner,
    consumer_res_users,
)
from . import (
    bill_basis,
    bill,
    bill_line,
    bill_payment,
    bill_settlement,
    bill_workflow,
)
