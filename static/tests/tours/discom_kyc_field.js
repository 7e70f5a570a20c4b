import { registry } from "@web/core/registry";

// Field staff on a phone: find a consumer on the own list, record the door, go on to the next.
registry.category("web_tour.tours").add("discom_kyc_field", {
    steps: () => [
        {
            content: "the list holds who is left",
            trigger: ".o_kanban_record:contains(Tour two)",
        },
        {
            content: "open the first door",
            trigger: ".o_kanban_record:contains(Tour one)",
            run: "click",
        },
        {
            content: "the notice is there to be read out, in Hindi",
            trigger: ".modal .o_field_widget[name=notice_body]:contains(व्हाट्सऐप)",
        },
        {
            trigger: ".modal .o_field_widget[name=number] input",
            run: "edit 12345 && press Tab",
        },
        {
            content: "what cannot be a number is refused at once",
            trigger: ".modal:contains(cannot be a WhatsApp number) .btn-primary:contains(Close), .o_notification:contains(cannot be a WhatsApp number) button",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=number] input",
            run: "edit 94152 61288 && press Tab",
        },
        {
            content: "agrees to all",
            trigger: ".modal .o_field_widget[name=consent] label:contains(Yes, all three)",
            run: "click",
        },
        {
            content: "save, next",
            trigger: ".modal button[name=action_save_next]",
            run: "click",
        },
        {
            content: "the next door of the route is open",
            trigger: ".modal .o_field_widget[name=name]:contains(Tour two)",
        },
        {
            content: "nobody opens",
            trigger: ".modal .o_field_widget[name=outcome] label:contains(Refused)",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=note] input",
            run: "edit Wants no messages && press Tab",
        },
        {
            content: "save",
            trigger: ".modal button[name=action_save]",
            run: "click",
        },
        {
            content: "both have left the list",
            trigger: "body:not(:has(.modal)):not(:has(.o_kanban_record:contains(Tour)))",
        },
        {
            trigger: ".o_view_nocontent:contains(Nobody is left)",
        },
    ],
});
