import { Component, onMounted, onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const EVERY_MS = 4000;

/**
 * Keeps a form that shows work in the background up to date: reads the record again every few
 * seconds while it is in one of the states, nothing is being edited and somebody looks at the page.
 *
 *     <widget name="discom_live" field="state" running="planning,sending" />
 */
export class LiveRecord extends Component {
    static template = "discom.LiveRecord";
    static props = {
        ...standardWidgetProps,
        field: String,
        states: Array,
    };

    setup() {
        this.alive = true;
        onMounted(() => this.wait());
        onWillUnmount(() => {
            this.alive = false;
            clearTimeout(this.timer);
        });
    }

    get running() {
        return this.props.states.includes(this.props.record.data[this.props.field]);
    }

    wait() {
        this.timer = setTimeout(() => this.refresh(), EVERY_MS);
    }

    async refresh() {
        const record = this.props.record;
        try {
            if (this.running && !document.hidden && record.resId && !(await record.isDirty())) {
                await record.load();
            }
        } catch {
            // The connection is away; the next try comes by itself.
        }
        if (this.alive) {
            this.wait();
        }
    }
}

registry.category("view_widgets").add("discom_live", {
    component: LiveRecord,
    extractProps: ({ attrs }) => ({ field: attrs.field, states: attrs.running.split(",") }),
});
