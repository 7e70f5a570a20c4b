import { registry } from "@web/core/registry";

// A breakdown from a phone: asset, Report outage here, Announce, Send.
registry.category("web_tour.tours").add("discom_outage_phone", {
    steps: () => [
        {
            content: "open the feeder",
            trigger: ".o_kanban_record:contains(Tour feeder)",
            run: "click",
        },
        {
            content: "report the outage",
            trigger: ".o_form_view button[name=action_report_outage]",
            run: "click",
        },
        {
            content: "the feeder is chosen, and the people below it are counted",
            trigger: ".o_field_widget[name=partner_count]:contains(3)",
        },
        {
            trigger: ".o_field_widget[name=asset_ids]:contains(Tour feeder)",
        },
        {
            content: "announce",
            trigger: ".o_statusbar_buttons button[name=action_announce]",
            run: "click",
        },
        {
            content: "the preview shows the village to the officer",
            trigger: ".modal .o_field_widget[name=preview]:contains(Belhatthi)",
        },
        {
            content: "send",
            trigger: ".modal button[name=action_send]",
            run: "click",
        },
        {
            content: "the broadcast says what happens",
            trigger: ".o_form_view .o_field_widget[name=total_count]:contains(3)",
        },
    ],
});
