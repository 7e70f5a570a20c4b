import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const ICONS = {
    green: "fa-check-circle text-success",
    amber: "fa-exclamation-circle text-warning",
    red: "fa-times-circle text-danger",
};

/**
 * The health of a sending number: one line a section, with what to do where it is not in order.
 */
export class HealthField extends Component {
    static template = "discom.HealthField";
    static props = { ...standardFieldProps };

    get sections() {
        const levels = { green: _t("In order"), amber: _t("Look at it"), red: _t("Act now") };
        return (this.props.record.data[this.props.name] || []).map((section) => ({
            ...section,
            icon: ICONS[section.level],
            title: levels[section.level],
        }));
    }
}

registry.category("fields").add("discom_health", {
    component: HealthField,
    supportedTypes: ["json"],
});
