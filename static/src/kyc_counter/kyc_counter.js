import { Component, onMounted, onPatched, onWillStart, onWillUnmount, useRef, useState } from "@odoo/owl";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { _t } from "@web/core/l10n/translation";
import { RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const CODE_LENGTH = 6;
const RESEND_SECONDS = 60;
const POLL_MS = 3000;
// Ways of a message after which nothing more will be learnt about the code.
const SETTLED = ["delivered", "read", "failed", "cancelled"];

/**
 * KYC for a queue of people, with the keyboard alone: find the consumer, enter the number, read the
 * notice out, tick what is agreed to, send the code, type it; the next one.
 */
export class KycCounter extends Component {
    static template = "discom.KycCounter";
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
            number: "",
            lang: "",
            notice: null,
            consents: {},
            phone: "",
            code: "",
            codeState: null,
            resend: 0,
            message: null,
            today: { taken: 0, proved: 0 },
            purposes: [],
            languages: [],
        });
        this.wantedFocus = "search";
        this.timers = [];
        useHotkey("escape", () => this.leave(), { bypassEditableProtection: true });
        onWillStart(async () => {
            Object.assign(this.state, await this.call("start", []));
            const id = this.props.action.context?.active_id;
            if (id && this.props.action.context.active_model === "res.partner") {
                this.showCard(await this.call("card", [id]));
            }
        });
        onMounted(() => this.moveFocus());
        onPatched(() => this.moveFocus());
        onWillUnmount(() => this.stopTimers());
    }

    // === Server ===

    call(method, args) {
        return this.orm.call("discom.kyc.counter", method, args);
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
        Object.assign(this.state, {
            step: "card",
            card,
            rows: [],
            number: card.number || lastTen(card.mobile),
            lang: card.lang,
            notice: card.notice,
            consents: { ...card.consents },
            code: "",
        });
        this.focus("number");
    }

    async changeLanguage(ev) {
        this.state.lang = ev.target.value;
        await this.run(async () => {
            this.state.notice = await this.call("notice", [this.state.lang]);
        }, "number");
    }

    async save() {
        const { card, number, lang, notice, consents } = this.state;
        await this.run(async () => {
            const answer = await this.call("save", [
                card.id,
                {
                    number,
                    lang,
                    notice_id: notice.id,
                    consents: Object.keys(consents).filter((key) => consents[key]),
                    send: true,
                },
            ]);
            this.state.today = answer.today;
            this.state.phone = answer.phone;
            if (answer.sent) {
                this.state.step = "code";
                this.startTimers();
                this.focus("code");
            } else if (answer.proved) {
                this.next(_t("%s: the number was verified already.", card.name), "success");
            } else {
                this.next(_t("%(name)s: number kept. %(problem)s", {
                    name: card.name,
                    problem: answer.problem,
                }), "warning");
            }
        }, "number");
    }

    async confirm() {
        if (this.state.code.length < CODE_LENGTH) {
            return;
        }
        const { card, code } = this.state;
        await this.run(async () => {
            const answer = await this.call("confirm", [card.id, code]);
            this.state.today = answer.today;
            if (answer.result === "proved") {
                this.next(_t("%s: the number is verified.", card.name), "success");
                return;
            }
            this.state.code = "";
            this.say(answer.message, "danger");
            this.focus("code");
        }, "code");
    }

    async resend() {
        await this.run(async () => {
            await this.call("resend", [this.state.card.id]);
            this.state.code = "";
            this.startTimers();
            this.focus("code");
        }, "code");
    }

    async refuse() {
        const { card } = this.state;
        await this.run(async () => {
            this.state.today = (await this.call("refuse", [card.id])).today;
            this.next(_t("%s: gave no number.", card.name), "info");
        }, "number");
    }

    /** Back by one step: from the code to the next person, from the card to the search. */
    async leave() {
        if (this.state.step === "code") {
            const { card } = this.state;
            await this.run(async () => {
                await this.call("skip", [card.id]);
                this.next(_t("%s: number kept, not verified yet.", card.name), "info");
            }, "code");
        } else if (this.state.step === "card" || this.state.rows.length) {
            this.next();
        }
    }

    next(text, kind) {
        this.stopTimers();
        Object.assign(this.state, {
            step: "find",
            text: "",
            rows: [],
            more: false,
            card: null,
            code: "",
            codeState: null,
            message: null,
        });
        if (text) {
            this.say(text, kind);
        }
        this.focus("search");
    }

    openForm() {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "res.partner",
            res_id: this.state.card.id,
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

    afterNumber() {
        this.focus("consent");
    }

    onConsentKeydown(ev) {
        const { purposes, consents } = this.state;
        if (ev.key === "Enter") {
            this.onEnter(ev, () => this.save());
        } else if (ev.key === "0") {
            const all = purposes.every(({ key }) => consents[key]);
            purposes.forEach(({ key }) => (consents[key] = !all));
        } else if (purposes[Number(ev.key) - 1]) {
            const { key } = purposes[Number(ev.key) - 1];
            consents[key] = !consents[key];
        }
    }

    onRowKeydown(ev, index) {
        const buttons = [...this.root.el.querySelectorAll(".o_discom_kyc_row")];
        const step = { ArrowDown: 1, ArrowUp: -1 }[ev.key];
        if (step) {
            ev.preventDefault();
            buttons[(index + step + buttons.length) % buttons.length].focus();
        } else if (this.state.rows[Number(ev.key) - 1]) {
            this.choose(this.state.rows[Number(ev.key) - 1]);
        }
    }

    onCodeInput(ev) {
        this.state.code = ev.target.value.replace(/[^\d\u0966-\u096f]/g, "").slice(0, CODE_LENGTH);
        ev.target.value = this.state.code;
        this.confirm();
    }

    say(text, kind) {
        this.state.message = { text, kind };
    }

    // === The way of the code ===

    startTimers() {
        this.stopTimers();
        this.state.codeState = null;
        this.state.resend = RESEND_SECONDS;
        this.timers = [
            setInterval(() => {
                this.state.resend = Math.max(0, this.state.resend - 1);
            }, 1000),
            setInterval(() => this.poll(), POLL_MS),
        ];
    }

    stopTimers() {
        this.timers.forEach(clearInterval);
        this.timers = [];
    }

    async poll() {
        if (this.state.step !== "code" || SETTLED.includes(this.state.codeState?.state)) {
            return;
        }
        const { card } = this.state;
        // A poll that is lost is followed by the next one.
        const codeState = await this.orm.silent
            .call("discom.kyc.counter", "code_state", [card.id])
            .catch(() => null);
        if (codeState && this.state.step === "code" && this.state.card === card) {
            this.state.codeState = codeState;
            if (codeState.bounced) {
                this.stopTimers();
                this.state.step = "card";
                this.say(_t("This number is not on WhatsApp. Ask for another."), "danger");
                this.focus("number");
            }
        }
    }
}

function lastTen(text) {
    return (text || "").replace(/\D/g, "").slice(-10);
}

registry.category("actions").add("discom_kyc_counter", KycCounter);
