import { registry } from "@web/core/registry";
import { openApp } from "./app";

registry.category("web_tour.tours").add("discom_broadcast_ask", {
    url: "/odoo",
    steps: () => [
        ...openApp(),
        { trigger: ".o_menu_sections [data-menu-xmlid='discom.menu_discom_bills']", run: "click" },
        { trigger: ".o-dropdown-item[data-menu-xmlid='discom.discom_bill_menu']", run: "click" },
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
        { trigger: ".o_control_panel button[name='action_send_bill']", run: "click" },
        {
            content: "Cost, its source and the time are told",
            trigger: ".modal .o_field_widget[name='cost_summary']:contains('18 % GST')",
        },
        { trigger: ".modal .o_field_widget[name='cost_source']:contains('rate card')" },
        { trigger: ".modal .o_field_widget[name='start_summary']:contains('At once')" },
        {
            content: "So many need the manager's approval",
            trigger: ".modal .o_field_widget[name='approval_note']:contains('division manager')",
        },
        { trigger: ".modal button[name='action_send']:contains('Ask for Approval')", run: "click" },
        {
            content: "It waits",
            trigger: ".o_form_view .o_statusbar_status button:contains('To Be Approved')",
        },
        { trigger: ".o_form_view .alert:contains('It waits for a division manager')" },
    ],
});

registry.category("web_tour.tours").add("discom_broadcast_approve", {
    steps: () => [
        { trigger: ".o_form_view button[name='action_approve']", run: "click" },
        { trigger: ".modal .modal-footer .btn-primary", run: "click" },
        {
            content: "It has begun, and the page says that it follows",
            trigger: ".o_form_view .o_discom_live:contains('Live')",
        },
        {
            trigger: ".o_form_view .oe_stat_button:contains('Waiting') .o_stat_value:contains('2')",
        },
        {
            content: "Who did not get it, and why",
            trigger: ".o_discom_reason:contains('No WhatsApp number')",
            run: "click",
        },
        { trigger: ".o_list_view .o_data_row" },
    ],
});

registry.category("web_tour.tours").add("discom_broadcast_live", {
    steps: () => [
        {
            trigger: ".o_form_view .oe_stat_button:contains('Waiting') .o_stat_value:contains('1')",
        },
        {
            content: "Paused by somebody else meanwhile",
            trigger: ".o_form_view .o_discom_live",
            run: async () => {
                const id = Number(window.location.pathname.split("/").pop());
                const body = {
                    jsonrpc: "2.0",
                    method: "call",
                    params: {
                        model: "discom.whatsapp.broadcast",
                        method: "action_pause",
                        args: [[id]],
                        kwargs: {},
                    },
                };
                await fetch("/web/dataset/call_kw", {
                    method: "POST",
                    headers: { "Content-Type": "application/json" },
                    body: JSON.stringify(body),
                });
            },
        },
        {
            content: "The page shows it without being reloaded",
            trigger: ".o_form_view button[name='action_resume']",
        },
    ],
});
