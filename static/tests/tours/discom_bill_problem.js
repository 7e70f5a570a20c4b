import { registry } from "@web/core/registry";
import { currentState } from "./app";

// The clerk answers what a consumer has reported on the page of the bill.
registry.category("web_tour.tours").add("discom_bill_problem", {
    steps: () => [
        {
            content: "open what has arrived",
            trigger: ".o_kanban_record:contains(Wrong reading):contains(4312)",
            run: "click",
        },
        {
            content: "take it into work",
            trigger: "button[name=action_start]",
            run: "click",
        },
        {
            content: "it is in work",
            trigger: currentState("In work"),
        },
        {
            trigger: ".o_field_widget[name=answer] textarea",
            run: "edit नई रीडिंग पर बिल बनेगा && press Tab",
        },
        {
            content: "on a phone several buttons are a menu",
            trigger: ".o_statusbar_buttons .dropdown-toggle",
            run: "click",
        },
        {
            trigger: "button[name=action_solve]",
            run: "click",
        },
        {
            content: "the consumer will see it",
            trigger: ".modal:contains(on the page of the bill) .btn-primary",
            run: "click",
        },
        {
            content: "the answer is given",
            trigger: ".o_form_view:not(:has(textarea)) .o_field_widget[name=answer]:contains(नई रीडिंग)",
        },
    ],
});
