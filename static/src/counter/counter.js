import { Component, onMounted, onPatched, onWillStart, useRef, useState } from "@odoo/owl";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { _t } from "@web/core/l10n/translation";
import { RPCError } from "@web/core/network/rpc";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/**
 * A screen for a queue of people, with the keyboard alone: find the consumer, do what is to be done
 * on the card; the next one. The counters add their steps: ``start``, ``showCard`` and ``leave``.
 */
export class Counter extends Component {
    static props = { ...standardActionServiceProps };
    /** Model whose methods ``start``, ``find`` and ``card`` answer. */
    static model = "";
    static rowSelector = "";

    /** @param {Object} state what the counter keeps beside the search */
    setupCounter(state) {
        this.orm = useService("orm");
        this.action = useService("action");
        this.root = useRef("root");
        this.state = useState({
            step: "find",
            busy: false,
            text: "",
            rows: [],
            more: false,
            card: null,
            message: null,
            ...state,
        });
        this.wantedFocus = "search";
        useHotkey("escape", () => this.leave(), { bypassEditableProtection: true });
        onWillStart(async () => {
            this.start(await this.call("start", []));
            const { active_id: id, active_model: model } = this.props.action.context || {};
            if (id && model === "res.partner") {
                this.showCard(await this.call("card", [id]));
            }
        });
        onMounted(() => this.moveFocus());
        onPatched(() => this.moveFocus());
    }

    // === Server ===

    call(method, args) {
        return this.orm.call(this.constructor.model, method, args);
    }

    /** Run a step once at a time; what the server refuses is shown in place, and typing goes on. */
    async run(step, focusOnError) {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        this.state.message = null;
        try {
            await step();
        } catch (error) {
            if (!(error instanceof RPCError) || !error.data?.message) {
                throw error;
            }
            this.say(error.data.message, "danger");
            this.focus(focusOnError);
        } finally {
            this.state.busy = false;
        }
    }

    // === Search ===

    async find() {
        if (!this.state.text.trim()) {
            return;
        }
        await this.run(async () => {
            const found = await this.call("find", [this.state.text]);
            if (found.card) {
                this.showCard(found.card);
                return;
            }
            this.state.rows = found.rows;
            this.state.more = found.more;
            if (!found.rows.length) {
                this.say(
                    _t(
                        "Nobody found for “%s”. Check it, or try the name or another number.",
                        this.state.text
                    ),
                    "warning"
                );
            }
            this.focus(found.rows.length ? "row" : "search");
        }, "search");
    }

    async choose(row) {
        await this.run(async () => this.showCard(await this.call("card", [row.id])), "search");
    }

    // === Keyboard ===

    focus(name) {
        this.wantedFocus = name;
        this.moveFocus();
    }

    moveFocus() {
        const target =
            this.wantedFocus && this.root.el?.querySelector(`[data-focus="${this.wantedFocus}"]`);
        if (target && !target.disabled) {
            this.wantedFocus = null;
            target.focus();
            target.select?.();
        }
    }

    onEnter(ev, step) {
        if (ev.key === "Enter" && !ev.isComposing) {
            ev.preventDefault();
            ev.stopPropagation();
            step();
        }
    }

    onRowKeydown(ev, index) {
        const buttons = [...this.root.el.querySelectorAll(this.constructor.rowSelector)];
        const step = { ArrowDown: 1, ArrowUp: -1 }[ev.key];
        if (step) {
            ev.preventDefault();
            buttons[(index + step + buttons.length) % buttons.length].focus();
        } else if (this.state.rows[Number(ev.key) - 1]) {
            this.choose(this.state.rows[Number(ev.key) - 1]);
        }
    }

    say(text, kind) {
        this.state.message = { text, kind };
    }
}
