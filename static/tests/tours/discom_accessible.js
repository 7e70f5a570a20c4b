import { registry } from "@web/core/registry";
import { accessible } from "./accessibility";

const services = () => odoo.__WOWL_DEBUG__.root.env.services;

/** The form of the newest record of a model, or an empty one. */
function form(model, { empty = false } = {}) {
    return {
        content: `form of ${model}`,
        trigger: "body:not(:has(.modal))",
        async run() {
            const { action, orm } = services();
            const [id] = empty ? [] : await orm.search(model, [], { limit: 1, order: "id desc" });
            if (!empty && !id) {
                throw new Error(`There is no ${model} to look at`);
            }
            await action.doAction(
                {
                    type: "ir.actions.act_window",
                    res_model: model,
                    res_id: id || false,
                    views: [[false, "form"]],
                },
                { clearBreadcrumbs: true }
            );
        },
    };
}

function screen(xmlid) {
    return {
        content: xmlid,
        trigger: "body",
        run: () => services().action.doAction(xmlid, { clearBreadcrumbs: true }),
    };
}

function looked(opened, shown, ...more) {
    return [opened, { trigger: shown }, ...more];
}

// Screens that no other tour shows to axe-core, one after the other.
registry.category("web_tour.tours").add("discom_accessible", {
    steps: () => [
        { content: "the client has begun", trigger: ".o_discom_work", timeout: 30000 },
        ...looked(
            form("discom.bill"),
            ".o_form_view .o_field_widget[name=amount_total]",
            accessible(".o_form_renderer")
        ),
        ...looked(
            form("discom.outage", { empty: true }),
            ".o_form_view .o_field_widget[name=kind]",
            accessible(".o_form_renderer")
        ),
        ...looked(
            form("discom.import", { empty: true }),
            ".o_form_view .o_field_widget[name=file]",
            accessible(".o_form_renderer")
        ),
        ...looked(
            form("discom.whatsapp.account"),
            ".o_form_view .o_field_widget[name=name]",
            accessible(".o_form_renderer")
        ),
        ...looked(
            form("discom.whatsapp.conversation"),
            ".o_discom_thread .o_in",
            accessible(".o_form_renderer")
        ),
        ...looked(
            screen("discom.discom_setup_step_action"),
            ".o_view_controller",
            accessible(".o_view_controller .o_content")
        ),
        ...looked(
            screen("discom.discom_payment_counter_action"),
            "#discom_payment_search",
            accessible(".o_discom_payment_counter"),
            { trigger: "#discom_payment_search:focus", run: "edit 7788990011 && press Enter" },
            { trigger: "#discom_payment_amount" },
            accessible(".o_discom_payment_counter")
        ),
    ],
});

// A page with a barrier of each kind: the step has to fail.
registry.category("web_tour.tours").add("discom_accessible_not", {
    steps: () => [
        {
            trigger: ".o_discom_control_room",
            async run() {
                const page = document.createElement("div");
                page.className = "o_discom_barrier";
                page.innerHTML = `<p style="color: #aaa; background: #fff">faint</p><input type="text">`;
                this.anchor.prepend(page);
                const step = accessible(".o_discom_barrier");
                const error = await step.run().then(
                    () => null,
                    (reason) => reason
                );
                for (const barrier of ["color-contrast", "label"]) {
                    if (!error?.message.includes(`${barrier}: `)) {
                        throw new Error(`axe-core has not found ${barrier}: ${error?.message}`);
                    }
                }
            },
        },
    ],
});
