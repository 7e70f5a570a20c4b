"""What the pictures of the manual show: who is logged in, where, and what was clicked before."""

from dataclasses import dataclass

DESK, PHONE = (1280, 800), (390, 844)
LIST, FORM = ".o_list_view tbody tr", ".o_form_view"
KANBAN = ".o_kanban_record:not(.o_kanban_ghost)"
#: Whatever the action shows, also where it shows that there is nothing yet.
VIEW = ".o_view_controller"
FIRST_ROW = ".o_data_row .o_data_cell:not(.o_list_button)"
#: Who stands at the counter: a consumer of the demo without a WhatsApp number.
COUNTER_SEARCH, CALLER = "[data-focus=search]", "4414331007"


@dataclass(frozen=True)
class Scene:
    """A picture of the manual.

    :ivar str name: of the file
    :ivar str login: of the demo's user who looks
    :ivar str path: of Odoo's web client, below ``/odoo/``; without a login of the simulator
    :ivar tuple steps: methods of the browser with their arguments, the last one a wait
    :ivar tuple size: of the window, :data:`DESK` or :data:`PHONE`
    """

    name: str
    login: str
    path: str
    steps: tuple
    size: tuple = DESK


SCENES = (
    Scene(
        "kyc_counter",
        "counter",
        "kyc-counter",
        (("type", COUNTER_SEARCH, CALLER), ("wait", ".o_discom_kyc_notice")),
    ),
    Scene(
        "payment_counter",
        "counter",
        "payment-counter",
        (("type", COUNTER_SEARCH, CALLER), ("wait", "[data-focus=amount]")),
    ),
    Scene("consumers", "counter", "discom-consumers", (("wait", LIST),)),
    Scene("consumer", "counter", "discom-consumers", (("click", FIRST_ROW), ("wait", FORM))),
    Scene("my_kyc", "surveyor", "discom-my-kyc", (("wait", KANBAN),), PHONE),
    Scene("imports", "clerk", "discom-imports", (("wait", ".o_list_view"),)),
    Scene("bill_runs", "clerk", "discom-bill-runs", (("wait", VIEW),)),
    Scene("bill_run", "clerk", "discom-bill-runs", (("click", KANBAN), ("wait", FORM))),
    Scene("bills_held", "clerk", "discom-bills-held", (("wait", ".o_list_view"),)),
    Scene("bills", "clerk", "discom-bills", (("wait", LIST),)),
    Scene("broadcasts", "clerk", "whatsapp-broadcasts", (("wait", LIST),)),
    Scene("broadcast", "clerk", "whatsapp-broadcasts", (("click", FIRST_ROW), ("wait", FORM))),
    Scene("inbox", "clerk", "whatsapp-conversations", (("wait", VIEW),)),
    Scene("report_outage", "operator", "discom-outages/new", (("wait", FORM),), PHONE),
    Scene("outages_now", "operator", "discom-outages-now", (("wait", VIEW),), PHONE),
    Scene(
        "likely_breakdowns",
        "operator",
        "discom-likely-breakdowns",
        (("wait", VIEW),),
    ),
    Scene("control_room", "manager", "control-room", (("wait", ".o_discom_control_room canvas"),)),
    Scene("arrears_runs", "manager", "discom-arrears-runs", (("wait", VIEW),)),
    Scene("kyc_figures", "manager", "discom-kyc-figures", (("wait", VIEW),)),
    Scene("reliability", "manager", "discom-reliability", (("wait", VIEW),)),
    Scene("field_list", "operator", "discom-field-list", (("wait", VIEW),), PHONE),
    Scene("setting_up", "admin", "discom-setup", (("wait", LIST),)),
    Scene("sending_number", "admin", "whatsapp-numbers", (("click", KANBAN), ("wait", FORM))),
    Scene("template", "admin", "whatsapp-templates", (("click", FIRST_ROW), ("wait", FORM))),
    Scene("errors", "admin", "whatsapp-errors", (("click", ".o_facet_remove"), ("wait", LIST))),
)

#: Pictures of the shop window and the README, in English.
SHOP = (
    Scene(
        "main_screenshot",
        "clerk",
        "action-discom.discom_bill_action_overdue",
        (
            ("wait", LIST),
            ("click", "thead .o_list_record_selector input"),
            ("click", ".o_control_panel button[name=action_send_overdue]"),
            ("wait", ".modal .o_discom_phone"),
        ),
    ),
    Scene(
        "phone_screenshot",
        None,
        "/?number=919415000034",
        (("wait", "#phone:not([hidden]) #messages li"),),
    ),
    Scene(
        "control_room_screenshot",
        "manager",
        "control-room",
        (("wait", ".o_discom_control_room canvas"),),
    ),
    Scene(
        "outage_screenshot",
        "operator",
        "discom-report-outage",
        (
            ("wait", KANBAN),
            ("click", ".o_kanban_record button[name=action_announce_breakdown]"),
            ("wait", ".modal .o_discom_phone"),
        ),
        PHONE,
    ),
)
