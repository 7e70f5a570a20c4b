import { registry } from "@web/core/registry";
import { openApp } from "./app";

const tours = registry.category("web_tour.tours");

tours.add("discom_control_room", {
    steps: () => [
        // The app opens in the control room.
        ...openApp(),
        {
            trigger: ".o_discom_tile_kyc .o_note:contains(6 of 8)",
        },
        {
            content: "the chart of the dues is drawn",
            trigger: ".o_discom_card_dues canvas",
        },
        {
            content: "with the keyboard to the consumers who are reachable",
            trigger: ".o_discom_tile_kyc",
            run() {
                this.anchor.focus();
            },
        },
        {
            trigger: ".o_discom_tile_kyc:focus",
            run: "click",
        },
        {
            content: "the list has as many",
            trigger: ".o_list_view .o_pager_limit:contains(6)",
        },
        {
            content: "archiving them is asked with their number",
            trigger: "thead .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".o_cp_action_menus button:has(.fa-cog)",
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu .dropdown-item:has(.oi-archive)",
            run: "click",
        },
        {
            trigger: ".modal:contains('Archive the selected records (6)?')",
        },
        {
            trigger: ".modal .modal-footer .btn-secondary",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal))",
        },
        {
            content: "back, where the figures still are",
            trigger: ".o_back_button, .breadcrumb-item a",
            run: "click",
        },
        {
            content: "a sub-division has its own figures",
            trigger: ".o_discom_room_office",
            run: "selectByLabel \u00a0\u00a0Sub-division A2",
        },
        {
            trigger: ".o_discom_tile_kyc .o_note:contains(1 of 3)",
        },
        {
            trigger: ".o_discom_room_office",
            run: "selectByLabel All my offices",
        },
        {
            trigger: ".o_discom_tile_kyc .o_note:contains(6 of 8)",
        },
        {
            content: "the button reads everything anew",
            trigger: ".o_discom_room_refresh:enabled",
            run: "click",
        },
        {
            trigger: ".o_discom_control_room[aria-busy=false] .o_discom_room_time:contains(As of)",
        },
        {
            content: "an outage opens",
            trigger: ".o_discom_card_outages .o_discom_row:contains(Tour feeder)",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=asset_ids]:contains(Tour feeder)",
        },
    ],
});

tours.add("discom_control_room_phone", {
    steps: () => [
        ...openApp(
            [
                {
                    trigger: ".o_menu_toggle",
                    run: "click",
                },
                {
                    trigger: ".o_app_menu_sidebar .o_sidebar_topbar a",
                    run: "click",
                },
            ],
            ".o_app_menu_sidebar"
        ),
        {
            content: "outages come first",
            trigger: ".o_discom_card:first-child h2:contains(Outages now)",
        },
        {
            content: "nothing is wider than the screen",
            trigger: ".o_discom_control_room",
            run() {
                if (this.anchor.scrollWidth > this.anchor.clientWidth) {
                    throw new Error("The control room is wider than the phone");
                }
            },
        },
        {
            trigger: ".o_discom_tile_outages .o_value:contains(8)",
            run: "click",
        },
        {
            content: "the consumers without supply, as cards",
            trigger: ".o_kanban_view .o_kanban_record, .o_list_view",
        },
        {
            trigger: ".o_back_button, .breadcrumb-item a",
            run: "click",
        },
        {
            trigger: ".o_discom_card_outages .o_discom_row:contains(Tour feeder)",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_field_widget[name=asset_ids]:contains(Tour feeder)",
        },
    ],
});

tours.add("discom_control_room_empty", {
    steps: () => [
        {
            trigger: ".o_discom_steps:contains(An administrator brings in)",
        },
        {
            trigger: ".o_discom_tile_kyc .o_value:contains(0%)",
        },
    ],
});

const REPORTS = {
    "discom.discom_consumer_menu_figures": "Consumers",
    "discom.discom_kyc_report_menu": "KYC figures",
    "discom.discom_bill_menu_figures": "Bills",
    "discom.discom_payment_menu_figures": "Payments",
    "discom.discom_whatsapp_message_menu_figures": "Messages",
    "discom.discom_outage_menu_figures": "Outages",
};

/** Resolves once the answer to a request for the workbook of a pivot has come. */
function workbookOfPivot() {
    return new Promise((resolve) => {
        new PerformanceObserver((list, observer) => {
            if (list.getEntries().some(({ name }) => name.endsWith("/web/pivot/export_xlsx"))) {
                observer.disconnect();
                resolve();
            }
        }).observe({ type: "resource" });
    });
}

tours.add("discom_pivots", {
    steps: () =>
        Object.entries(REPORTS).flatMap(([menu, title]) => [
            {
                content: `open ${menu}`,
                trigger: '.o_menu_sections [data-menu-xmlid="discom.menu_discom_reports"]',
                run: "click",
            },
            {
                trigger: `.o-dropdown--menu [data-menu-xmlid="${menu}"]`,
                run: "click",
            },
            {
                content: "the pivot before it has gone",
                trigger: `.o_breadcrumb .active:contains(/^${title}$/)`,
            },
            {
                content: "it is a pivot with figures",
                trigger: ".o_pivot .o_pivot_cell_value",
            },
            {
                content: "its workbook comes",
                trigger: ".o_pivot_download:enabled",
                async run(helpers) {
                    const workbook = workbookOfPivot();
                    await helpers.click();
                    await workbook;
                },
            },
        ]),
});
