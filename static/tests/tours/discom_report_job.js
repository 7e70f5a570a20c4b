import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("discom_report_job_live", {
    steps: () => [
        { trigger: ".o_form_view .o_discom_live:contains('Live')" },
        {
            content: "What it shows has been seen; from now on it is ready",
            trigger: ".o_form_view .o_field_widget[name='progress']:contains('40')",
            run: () => {
                const id = Number(window.location.pathname.split("/").pop());
                const { orm } = odoo.__WOWL_DEBUG__.root.env.services;
                return orm.webRead("discom.report.job", [id], { specification: {} });
            },
        },
        {
            content: "Ready meanwhile, and the page shows it without being reloaded",
            trigger: ".o_form_view button[name='action_download']",
        },
        { trigger: ".o_form_view:not(:has(.o_discom_live))" },
    ],
});
