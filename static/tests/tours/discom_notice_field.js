import { registry } from "@web/core/registry";

function state(label) {
    return {
        content: `The run is ${label}`,
        trigger: `.o_statusbar_status button.o_arrow_button_current:contains('${label}')`,
    };
}

// The desk: a run is proposed, looked at and handed to the manager.
registry.category("web_tour.tours").add("discom_notice_run_propose", {
    steps: () => [
        { trigger: ".o_data_row .o_data_cell:contains('Division A')", run: "click" },
        { trigger: "button[name='action_propose']", run: "click" },
        state("Proposed"),
        { trigger: "button[name='action_submit']", run: "click" },
        state("Waits for approval"),
    ],
});

registry.category("web_tour.tours").add("discom_notice_run_approve", {
    steps: () => [
        { trigger: ".o_data_row .o_data_cell:contains('Division A')", run: "click" },
        state("Waits for approval"),
        { trigger: "button[name='action_approve']", run: "click" },
        { trigger: ".modal footer .btn-primary", run: "click" },
        state("Approved"),
    ],
});

// The door, on a phone: one consumer of the list, premises closed.
registry.category("web_tour.tours").add("discom_notice_field_phone", {
    steps: () => [
        {
            trigger: ".o_kanban_record:contains('Tour debtor')",
            run: "click",
        },
        { trigger: ".modal .o_field_widget[name='amount']:contains('100')" },
        { trigger: ".modal .o_radio_item:contains('Premises closed') input", run: "click" },
        { trigger: ".modal .o_field_widget[name='note'] input", run: "edit Locked, neighbour told" },
        { trigger: ".modal button[name='action_save']", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        { trigger: ".o_kanban_record:contains('Premises closed')" },
    ],
});
