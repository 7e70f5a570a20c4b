import { registry } from "@web/core/registry";

/** Wait for the n-th PDF; there is nothing on the page that tells. */
function downloads(count) {
    const isDownload = (entry) => entry.name.endsWith("/report/download");
    const done = () => performance.getEntriesByType("resource").filter(isDownload).length === count;
    return ({ waitUntil }) => waitUntil(done, { timeout: 25000 });
}

registry.category("web_tour.tours").add("discom_bill_print", {
    steps: () => [
        {
            content: "Select all bills of the list",
            trigger: ".o_list_view thead .o_list_record_selector input",
            run: "click",
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
            content: "Wait for the PDF",
            trigger: "body",
            run: downloads(1),
            timeout: 30000,
        },
        {
            content: "Open one bill; while some are selected a click would only select",
            trigger: "body:not(:has(.o_blockUI)) .o_list_view:not(:has(.o_data_row_selected)) .o_data_row td[name='name']",
            run: "click",
        },
        {
            content: "It is open",
            trigger: ".o_form_view .o_form_sheet",
        },
        {
            content: "Open the menu of the form",
            trigger: ".o_breadcrumb .o_cp_action_menus button:has(.fa-cog)",
            run: "click",
        },
        {
            content: "The bill prints from the form too",
            trigger: ".o-dropdown--menu .dropdown-item:contains('Bill (PDF)')",
            run: "click",
        },
        {
            content: "Wait for the PDF",
            trigger: "body",
            run: downloads(2),
            timeout: 30000,
        },
        {
            content: "Nothing asks for wkhtmltopdf, the form is still there",
            trigger: "body:not(:has(.o_blockUI)):not(:has(.o_notification)) .o_form_view",
        },
    ],
});
