import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";

/**
 * A chart of the library that Odoo ships. It changes in place when its figures do, and is described
 * in words for who does not see it: the figures themselves stand beside it.
 */
export class ControlRoomChart extends Component {
    static template = "discom.ControlRoom.Chart";
    static props = {
        config: Object,
        label: String,
        onSelect: { type: Function, optional: true },
    };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [JSON.stringify(this.props.config.data)]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        const { type, data, options } = this.props.config;
        if (this.chart) {
            this.chart.data = data;
            this.chart.update("none");
            return;
        }
        this.chart = new Chart(this.canvas.el, {
            type,
            data,
            options: {
                ...options,
                responsive: true,
                maintainAspectRatio: false,
                animation: false,
                onClick: (_event, [element]) => element && this.props.onSelect?.(element.index),
            },
        });
    }
}
