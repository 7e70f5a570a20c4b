import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * Why some people got no message: each reason with its number, a bar and the list behind it.
 */
export class ReasonsField extends Component {
    static template = "discom.ReasonsField";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
    }

    get reasons() {
        const reasons = this.props.record.data[this.props.name] || [];
        const most = Math.max(1, ...reasons.map((reason) => reason.count));
        return reasons.map((reason) => ({
            ...reason,
            width: Math.max(2, (100 * reason.count) / most),
            shown: reason.count.toLocaleString("en-IN"),
        }));
    }

    async open(reason) {
        const { resModel, resId } = this.props.record;
        const action = await this.orm.call(resModel, "action_open_reason", [
            [resId],
            reason.kind,
            reason.value,
        ]);
        return this.action.doAction(action);
    }
}

registry.category("fields").add("discom_reasons", {
    component: ReasonsField,
    supportedTypes: ["json"],
});
