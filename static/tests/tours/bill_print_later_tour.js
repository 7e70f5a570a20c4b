import { registry } from "@web/core/registry";
import { limits } from "@discom/js/typst_report";

registry.category("web_tour.tours").add("discom_bill_print_later", {
    steps: () => [
        {
            content: "Select all bills of the list, more than are printed at once",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run(helpers) {
                limits.direct = 1;
                return helpers.click();
            },
        },
        {
            content: "Open the Print menu",
            trigger: ".o_cp_action_menus button:has(.fa-print)",
            run: "click",
        },
        {
            content: "Print them",
            trigger: ".o-dropdown--menu .dropdown-item:contains('Bill (PDF)')",
            run: "click",
        },
        {
            content: "The print that is made in the background shows its progress",
            trigger: ".o_form_view .o_form_sheet:contains('Bills (PDF)') .o_field_progressbar",
        },
        {
            content: "Nothing went wrong; the page follows it by itself",
            trigger: "body:not(:has(.modal)) .o_form_view .o_discom_live",
        },
        {
            content: "Back to the list",
            trigger: "body:not(:has(.modal)) .o_breadcrumb .breadcrumb-item a, .o_back_button",
            run: "click",
        },
        {
            content: "The list is there",
            trigger: "body:not(:has(.modal)) .o_list_view .o_data_row",
        },
    ],
});
