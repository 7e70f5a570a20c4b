import { onWillUnmount } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { Counter } from "../counter/counter";

const CODE_LENGTH = 6;
const RESEND_SECONDS = 60;
const POLL_MS = 3000;
// Ways of a message after which nothing more will be learnt about the code.
const SETTLED = ["delivered", "read", "failed", "cancelled"];

/**
 * KYC for a queue of people, with the keyboard alone: find the consumer, enter the number, read the
 * notice out, tick what is agreed to, send the code, type it; the next one.
 */
export class KycCounter extends Counter {
    static template = "discom.KycCounter";
    static model = "discom.kyc.counter";
    static rowSelector = ".o_discom_kyc_row";

    setup() {
        this.setupCounter({
            number: "",
            lang: "",
            notice: null,
            consents: {},
            phone: "",
            code: "",
            codeState: null,
            resend: 0,
            today: { taken: 0, proved: 0 },
            purposes: [],
            languages: [],
        });
        this.timers = [];
        onWillUnmount(() => this.stopTimers());
    }

    start(answer) {
        Object.assign(this.state, answer);
    }

    // === Steps ===

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

    async afterNumber() {
        await this.run(async () => {
            this.state.number = await this.call("number", [this.state.number]);
            this.focus("consent");
        }, "number");
    }

    agreeToAll() {
        const { purposes, consents } = this.state;
        const all = purposes.every(({ key }) => consents[key]);
        purposes.forEach(({ key }) => (consents[key] = !all));
    }

    onConsentKeydown(ev) {
        const { purposes, consents } = this.state;
        if (ev.key === "Enter") {
            if (ev.target.tagName !== "BUTTON") {
                this.onEnter(ev, () => this.save());
            }
        } else if (ev.key === "0") {
            this.agreeToAll();
        } else if (purposes[Number(ev.key) - 1]) {
            const { key } = purposes[Number(ev.key) - 1];
            consents[key] = !consents[key];
        }
    }

    onCodeInput(ev) {
        this.state.code = ev.target.value.replace(/[^\d\u0966-\u096f]/g, "").slice(0, CODE_LENGTH);
        ev.target.value = this.state.code;
        this.confirm();
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
            .call(this.constructor.model, "code_state", [card.id])
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
