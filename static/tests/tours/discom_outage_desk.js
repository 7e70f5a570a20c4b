import { registry } from "@web/core/registry";

// A planned shutdown at a desk: asset, live count, hours, Announce, preview, Send.
registry.category("web_tour.tours").add("discom_outage_desk_planned", {
    steps: () => [
        { content: "new outage", trigger: ".o_list_button_add", run: "click" },
        {
            content: "choose the kind",
            trigger: ".o_field_widget[name=kind] .o_selection_badge:contains(Planned shutdown)",
            run: "click",
        },
        {
            content: "look for the asset",
            trigger: ".o_field_widget[name=asset_ids] input",
            run: "edit Tour feeder",
        },
        {
            content: "choose it once it is what was looked for, and not all there is",
            trigger:
                ".o_field_widget[name=asset_ids] .o-autocomplete--dropdown-menu:not(:contains(Feeder A2)) .dropdown-item:contains(Tour feeder)",
            run: "click",
        },
        {
            content: "the people below it are counted at once",
            trigger: ".o_field_widget[name=partner_count]:contains(3)",
        },
        {
            content: "open the start",
            trigger: ".o_field_widget[name=date_start] button",
            run: "click",
        },
        {
            content: "a day ahead",
            trigger: ".o_field_widget[name=date_start] input",
            run: "edit +1d && press Enter",
        },
        {
            content: "announce",
            trigger: ".o_statusbar_buttons button[name=action_announce]:visible",
            run: "click",
        },
        {
            content: "the preview shows the village to the officer",
            trigger: ".modal .o_field_widget[name=preview]:contains(Belhatthi)",
        },
        { content: "send", trigger: ".modal button[name=action_send]", run: "click" },
        {
            content: "the broadcast says what happens",
            trigger: ".o_form_view .o_field_widget[name=total_count]:contains(3)",
        },
    ],
});

// It takes longer, then supply is back: both told to those who were told, each with a preview.
registry.category("web_tour.tours").add("discom_outage_desk_follow_up", {
    steps: () => [
        { content: "open it", trigger: ".o_data_row:contains(Tour feeder) .o_data_cell", run: "click" },
        {
            content: "change the time",
            trigger: ".o_statusbar_buttons button[name=action_change_time]:visible",
            run: "click",
        },
        {
            content: "how many hear of it",
            trigger: ".modal .o_field_widget[name=informed_count]:contains(2)",
        },
        {
            content: "open the end",
            trigger: ".modal .o_field_widget[name=date_end_expected] button",
            run: "click",
        },
        {
            content: "a day later",
            trigger: ".modal .o_field_widget[name=date_end_expected] input",
            run: "edit +1d && press Enter",
        },
        {
            content: "change it",
            trigger: ".modal button[name=action_apply]:visible:contains(Change time)",
            run: "click",
        },
        {
            content: "the preview, then send",
            trigger: ".modal:has(.o_field_widget[name=preview]) button[name=action_send]",
            run: "click",
        },
        {
            content: "back to the outage",
            trigger: ".o_breadcrumb .breadcrumb-item a:contains(Tour feeder)",
            run: "click",
        },
        {
            content: "supply is back",
            trigger: ".o_statusbar_buttons button[name=action_restored]:visible",
            run: "click",
        },
        {
            content: "now",
            trigger: ".modal button[name=action_apply]:visible:contains(Supply is back)",
            run: "click",
        },
        {
            content: "the preview, then send",
            trigger: ".modal:has(.o_field_widget[name=preview]) button[name=action_send]",
            run: "click",
        },
        {
            content: "the broadcast goes to two",
            trigger: ".o_form_view .o_field_widget[name=total_count]:contains(2)",
        },
    ],
});

// Calls have pointed to an asset: one click, preview, Send.
registry.category("web_tour.tours").add("discom_outage_desk_likely", {
    steps: () => [
        {
            content: "announce the likely breakdown",
            trigger: ".o_kanban_record:contains(Tour feeder):contains(5 calls) button[name=action_announce]",
            run: "click",
        },
        {
            content: "the preview, then send",
            trigger: ".modal:has(.o_field_widget[name=preview]) button[name=action_send]",
            run: "click",
        },
        {
            content: "the broadcast says what happens",
            trigger: ".o_form_view .o_field_widget[name=total_count]:contains(5)",
        },
    ],
});

// On a phone: two clicks on the asset.
registry.category("web_tour.tours").add("discom_outage_phone_two_clicks", {
    steps: () => [
        {
            content: "announce a breakdown",
            trigger: ".o_kanban_record:contains(Tour feeder) button[name=action_announce_breakdown]",
            run: "click",
        },
        {
            content: "send",
            trigger: ".modal:has(.o_field_widget[name=preview]) button[name=action_send]",
            run: "click",
        },
        {
            content: "the broadcast says what happens",
            trigger: ".o_form_view .o_field_widget[name=total_count]:contains(2)",
        },
    ],
});
