import { Component, onMounted, onPatched, onWillStart, useRef, useState } from "@odoo/owl";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { _t } from "@web/core/l10n/translation";
import { RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const NEEDS_NUMBER = ["cheque", "draft"];

/**
 * Payments for a queue of people, with the keyboard alone: find the consumer, see the dues by month,
 * enter the amount, confirm what is unusual, give the receipt; the next one.
 */
export class PaymentCounter extends Component {
    static template = "discom.PaymentCounter";
    static props = { ...standardActionServiceProps };

    setup() {
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
            amount: "",
            means: "cash",
            meansNo: "",
            warnings: [],
            taken: null,
            message: null,
            today: { count: 0, amount: "0.00" },
            meansList: [],
        });
        this.wantedFocus = "search";
        useHotkey("escape", () => this.leave(), { bypassEditableProtection: true });
        onWillStart(async () => {
            const { means, today } = await this.call("start", []);
            Object.assign(this.state, { meansList: means, today });
            const { active_id: id, active_model: model } = this.props.action.context || {};
            if (id && model === "res.partner") {
                this.showCard(await this.call("card", [id]));
            }
        });
        onMounted(() => this.moveFocus());
        onPatched(() => this.moveFocus());
    }

    get needsNumber() {
        return NEEDS_NUMBER.includes(this.state.means);
    }

    get values() {
        const { amount, means, meansNo } = this.state;
        return { amount, means, means_no: meansNo, token: this.token };
    }

    // === Server ===

    call(method, args) {
        return this.orm.call("discom.payment.counter", method, args);
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

    // === Steps ===

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
                this.say(_t("Nobody found for “%s”.", this.state.text), "warning");
            }
            this.focus(found.rows.length ? "row" : "search");
        }, "search");
    }

    async choose(row) {
        await this.run(async () => this.showCard(await this.call("card", [row.id])), "search");
    }

    showCard(card) {
        this.token = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
        Object.assign(this.state, {
            step: "card",
            card,
            rows: [],
            amount: card.amount,
            means: "cash",
            meansNo: "",
            warnings: [],
        });
        this.focus("amount");
    }

    /** Enter on the amount: what is unusual is said first, and confirmed with Enter again. */
    async check() {
        if (this.needsNumber && !this.state.meansNo.trim()) {
            this.focus("number");
            return;
        }
        await this.run(async () => {
            const warnings = await this.call("warnings", [this.state.card.id, this.values]);
            if (warnings.length) {
                Object.assign(this.state, { step: "confirm", warnings });
                this.focus("confirm");
            } else {
                await this.take();
            }
        }, "amount");
    }

    async confirm() {
        await this.run(async () => this.take(), "confirm");
    }

    async take() {
        const taken = await this.call("take", [this.state.card.id, this.values]);
        Object.assign(this.state, { step: "done", taken, today: taken.today, warnings: [] });
        this.focus("print");
    }

    async print() {
        await this.action.doAction("discom.discom_payment_report", {
            additionalContext: { active_ids: [this.state.taken.id] },
        });
        this.focus("next");
    }

    next() {
        Object.assign(this.state, {
            step: "find",
            card: null,
            taken: null,
            text: "",
            rows: [],
            warnings: [],
            message: null,
        });
        this.focus("search");
    }

    leave() {
        if (this.state.step === "confirm") {
            Object.assign(this.state, { step: "card", warnings: [] });
            this.focus("amount");
        } else {
            this.next();
        }
    }

    openLedger() {
        return this.action.doActionButton({
            type: "object",
            name: "action_open_discom_ledger",
            resModel: "res.partner",
            resId: this.state.card.id,
        });
    }

    openPayment(id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "discom.payment",
            res_id: id,
            views: [[false, "form"]],
        });
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

    onMeansKeydown(ev) {
        const chosen = this.state.meansList[Number(ev.key) - 1];
        if (chosen) {
            this.state.means = chosen.key;
            this.focus(this.needsNumber ? "number" : "amount");
        }
    }

    onRowKeydown(ev, index) {
        const buttons = [...this.root.el.querySelectorAll(".o_discom_payment_row")];
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

registry.category("actions").add("discom_payment_counter", PaymentCounter);
