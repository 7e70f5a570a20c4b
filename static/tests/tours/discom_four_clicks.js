import { registry } from "@web/core/registry";
import { accessible } from "./accessibility";
import { currentState } from "./app";

/**
 * A tour that fails unless it takes so many clicks (or taps) from the page that opens after login.
 * Typing is no click. Whatever it passes meets WCAG AA.
 */
function counted(name, clicks, steps, start = ".o_discom_control_room") {
    let seen = 0;
    // Where the cursor stands already nobody has to click before typing.
    const count = ({ target }) =>
        (seen += target === document.activeElement && target.matches("input, textarea") ? 0 : 1);
    registry.category("web_tour.tours").add(name, {
        steps: () => [
            {
                content: "the app opens by itself",
                trigger: start,
                timeout: 30000,
                run() {
                    seen = 0;
                    window.addEventListener("pointerdown", count, true);
                },
            },
            accessible(start),
            ...steps,
            {
                content: `done with ${clicks} clicks`,
                trigger: "body",
                run() {
                    window.removeEventListener("pointerdown", count, true);
                    if (seen !== clicks) {
                        throw new Error(`${name} takes ${seen} clicks, not ${clicks}`);
                    }
                },
            },
        ],
    });
}

const work = (menu) => ({
    trigger: `.o_discom_work [data-menu-xmlid='discom.${menu}']`,
    run: "click",
});
const send = { trigger: ".modal button[name='action_send']", run: "click" };

counted("discom_four_clicks_counter", 3, [
    work("discom_kyc_counter_menu"),
    accessible(".o_discom_kyc_counter"),
    { trigger: "#discom_kyc_search:focus", run: "edit 7788990011 && press Enter" },
    { trigger: "#discom_kyc_number:focus", run: "edit 94152 61299" },
    { trigger: ".o_discom_kyc_all", run: "click" },
    { trigger: ".o_discom_kyc_consents:not(:has(input:not(:checked)))" },
    accessible(".o_discom_kyc_counter"),
    { trigger: ".o_discom_kyc_counter .btn-primary:contains('Send code')", run: "click" },
    { trigger: "#discom_kyc_code" },
    accessible(".o_discom_kyc_counter"),
    { trigger: "#discom_kyc_code:focus", run: "edit 123456" },
    { trigger: ".alert-success:contains(verified)" },
]);

const atTheDoor = (cursor) => [
    { trigger: ".o_kanban_record:contains('Tour one')", run: "click" },
    { trigger: `.modal .o_field_widget[name=number] input${cursor}`, run: "edit 94152 61288" },
    accessible(".modal .o_form_renderer"),
    {
        trigger: ".modal .o_field_widget[name=consent] label:contains('Yes, all three')",
        run: "click",
    },
    { trigger: ".modal button[name=action_save]", run: "click" },
    { trigger: "body:not(:has(.modal)):not(:has(.o_kanban_record:contains('Tour one')))" },
];

// A phone waits for a tap before it shows its keyboard.
counted("discom_four_clicks_surveyor", 3, atTheDoor(":focus"), ".o_kanban_renderer");
counted("discom_four_clicks_surveyor_phone", 4, atTheDoor(""), ".o_kanban_renderer");

counted("discom_four_clicks_clerk", 4, [
    work("discom_bill_run_menu"),
    { trigger: ".o_kanban_record:contains('Division A')" },
    accessible(".o_kanban_renderer"),
    { trigger: ".o_kanban_record:contains('Division A')", run: "click" },
    { trigger: "button[name='action_send']:visible" },
    accessible(".o_form_renderer"),
    { trigger: "button[name='action_send']:visible", run: "click" },
    { trigger: ".modal .o_field_widget[name='send_count']:contains('2')" },
    accessible(".modal .o_form_renderer"),
    send,
    { trigger: ".o_form_view .o_field_widget[name=total_count]:contains(2)" },
]);

const announce = [
    { trigger: ".modal .o_field_widget[name=preview]" },
    accessible(".modal .o_form_renderer"),
    send,
    { trigger: ".o_form_view .o_field_widget[name=total_count]:contains(2)" },
];

counted("discom_four_clicks_operator", 4, [
    work("discom_asset_menu_report_outage"),
    { trigger: ".o_data_row .o_data_cell:contains('Tour feeder')", run: "click" },
    { trigger: ".o_form_view button[name=action_announce_breakdown]" },
    accessible(".o_form_renderer"),
    { trigger: ".o_form_view button[name=action_announce_breakdown]", run: "click" },
    ...announce,
]);

counted("discom_four_clicks_operator_phone", 3, [
    work("discom_asset_menu_report_outage"),
    { trigger: ".o_kanban_record:contains('Tour feeder')" },
    accessible(".o_kanban_renderer"),
    {
        trigger: ".o_kanban_record:contains('Tour feeder') button[name=action_announce_breakdown]",
        run: "click",
    },
    ...announce,
]);

counted("discom_four_clicks_manager", 4, [
    { trigger: ".o_discom_card_approvals .o_discom_row:contains('Bill runs')", run: "click" },
    {
        trigger: ".o_data_row .o_data_cell:contains('Division A'), .o_kanban_record:contains('Division A')",
        run: "click",
    },
    { trigger: "button[name='action_approve']:visible" },
    accessible(".o_form_renderer"),
    { trigger: "button[name='action_approve']:visible", run: "click" },
    { trigger: ".modal:contains('Approve the checked bills of this run (2)')" },
    { trigger: ".modal .modal-footer .btn-primary", run: "click" },
    { trigger: currentState("Approved") },
]);
