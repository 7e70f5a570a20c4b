import { registry } from "@web/core/registry";
import { openApp } from "./app";

const openBills = [
    ...openApp(),
    { trigger: ".o_menu_sections [data-menu-xmlid='discom.menu_discom_bills']", run: "click" },
    { trigger: ".o-dropdown-item[data-menu-xmlid='discom.discom_bill_menu']", run: "click" },
    { content: "This month is the default", trigger: ".o_searchview_facet:contains('This month')" },
];

registry.category("web_tour.tours").add("discom_main_job_send", {
    url: "/odoo",
    steps: () => [
        ...openBills,
        {
            content: "One sub-division",
            trigger: ".o_search_panel_label_title:contains('Sub-division A1')",
            run: "click",
        },
        {
            content: "Its three bills, and no other",
            trigger: ".o_pager_limit:contains('3')",
        },
        { trigger: "thead .o_list_record_selector input", run: "click" },
        { trigger: ".o_control_panel button[name='action_issue']", run: "click" },
        {
            content: "A question says how many records it is about",
            trigger: ".modal:contains('Issue the selected bills (3)?')",
        },
        { trigger: ".modal .modal-footer .btn-secondary", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        { trigger: ".o_control_panel button[name='action_send_bill']", run: "click" },
        {
            content: "The preview says who gets it",
            trigger: ".modal .o_field_widget[name='send_count']:contains('2')",
        },
        {
            content: "and who does not, and why",
            trigger: ".modal .o_field_widget[name='skip_ids'] td:contains('No WhatsApp number')",
        },
        {
            content: "The message as the consumer will see it",
            trigger: ".modal .o_field_widget[name='preview']:contains('₹500')",
        },
        { trigger: ".modal button[name='action_send']", run: "click" },
        {
            content: "The broadcast has the messages waiting",
            trigger: ".o_form_view .oe_stat_button:contains('Waiting') .o_stat_value:contains('2')",
        },
        {
            trigger: ".o_form_view .oe_stat_button:contains('Skipped') .o_stat_value:contains('1')",
        },
    ],
});

registry.category("web_tour.tours").add("discom_main_job_result", {
    url: "/odoo",
    steps: () => [
        ...openBills,
        {
            trigger: ".o_search_panel_label_title:contains('Sub-division A1')",
            run: "click",
        },
        { trigger: ".o_data_row .o_field_widget[name='whatsapp_state']:contains('Read')" },
        { trigger: ".o_data_row .o_field_widget[name='whatsapp_state']:contains('Delivered')" },
        { trigger: ".o_data_row .o_field_widget[name='whatsapp_state']:contains('Skipped')" },
    ],
});
