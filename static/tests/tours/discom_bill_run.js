import { registry } from "@web/core/registry";

const openRun = [
    {
        content: "The run of this month",
        trigger: ".o_kanban_record:contains('Division A')",
        run: "click",
    },
];
const confirm = { trigger: ".modal .modal-footer .btn-primary", run: "click" };

function state(label) {
    return {
        content: `The run is ${label}`,
        trigger: `.o_statusbar_status button.o_arrow_button_current:contains('${label}')`,
    };
}

registry.category("web_tour.tours").add("discom_bill_run_check", {
    steps: () => [
        ...openRun,
        state("Files taken"),
        { trigger: "button[name='action_check']", run: "click" },
        state("Checked"),
        {
            content: "One bill is held back",
            trigger: ".oe_stat_button:contains('Held back') .o_stat_value:contains('1')",
        },
        { trigger: ".o_notebook .nav-link[name='checks']", run: "click" },
        { trigger: "td:contains('Total does not add up')" },
        {
            content: "A clerk does not approve",
            trigger: ".o_form_view:not(:has(button[name='action_approve']))",
        },
    ],
});

registry.category("web_tour.tours").add("discom_bill_run_approve", {
    steps: () => [
        ...openRun,
        { trigger: ".oe_stat_button:contains('Held back')", run: "click" },
        {
            content: "The list says why",
            trigger: ".o_data_row .o_data_cell[name='finding_text']:contains('900')",
            timeout: 30000,
        },
        { trigger: "thead .o_list_record_selector input", run: "click" },
        { trigger: ".o_control_panel button[name='action_release']", run: "click" },
        {
            trigger: ".modal .o_field_widget[name='reason'] input",
            run: "edit Looked at with the billing agency",
        },
        { trigger: ".modal button[name='action_release']", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        {
            content: "The list is empty now",
            trigger: ".o_list_view:not(:has(.o_data_row))",
            timeout: 30000,
        },
        { trigger: ".breadcrumb-item a:contains('Bill runs')", run: "click" },
        ...openRun,
        state("Checked"),
        { trigger: "button[name='action_approve']", run: "click" },
        confirm,
        state("Approved"),
    ],
});

registry.category("web_tour.tours").add("discom_bill_run_send", {
    steps: () => [
        ...openRun,
        { trigger: "button[name='action_issue']", run: "click" },
        confirm,
        state("Issued"),
        { trigger: "button[name='action_send']", run: "click" },
        { trigger: ".modal .o_field_widget[name='send_count']:contains('3')" },
        { trigger: ".modal button[name='action_send']", run: "click" },
        {
            content: "The broadcast of the run",
            trigger: ".o_form_view .oe_stat_button:contains('Waiting') .o_stat_value:contains('3')",
        },
    ],
});
