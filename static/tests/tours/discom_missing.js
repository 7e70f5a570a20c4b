import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("discom_missing", {
    steps: () => [
        { content: "An empty outage", trigger: ".o_form_view .o_field_widget[name='asset_ids']" },
        { content: "is saved", trigger: ".o_form_button_save", run: "click" },
        {
            content: "The fields that are empty are named",
            trigger: ".o_notification:contains('Fill in or correct: Assets off, Office.')",
        },
        { content: "It is given up", trigger: ".o_form_button_cancel", run: "click" },
        { trigger: ".o_list_view, .o_kanban_view" },
    ],
});
