import { registry } from "@web/core/registry";
import { Counter } from "../counter/counter";

const NEEDS_NUMBER = ["cheque", "draft"];

/**
 * Payments for a queue of people, with the keyboard alone: find the consumer, see the dues by month,
 * enter the amount, confirm what is unusual, give the receipt; the next one.
 */
export class PaymentCounter extends Counter {
    static template = "discom.PaymentCounter";
    static model = "discom.payment.counter";
    static rowSelector = ".o_discom_payment_row";

    setup() {
        this.setupCounter({
            amount: "",
            means: "cash",
            meansNo: "",
            warnings: [],
            taken: null,
            today: { count: 0, amount: "0.00" },
            meansList: [],
        });
    }

    start({ means, today }) {
        Object.assign(this.state, { meansList: means, today });
    }

    get needsNumber() {
        return NEEDS_NUMBER.includes(this.state.means);
    }

    get values() {
        const { amount, means, meansNo } = this.state;
        return { amount, means, means_no: meansNo, token: this.token };
    }

    // === Steps ===

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

    onMeansKeydown(ev) {
        const chosen = this.state.meansList[Number(ev.key) - 1];
        if (chosen) {
            this.state.means = chosen.key;
            this.focus(this.needsNumber ? "number" : "amount");
        }
    }

}

registry.category("actions").add("discom_payment_counter", PaymentCounter);
