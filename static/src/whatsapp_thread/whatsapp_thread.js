import { Component, markup, onWillStart, onWillUnmount, onWillUpdateProps, useEffect, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const { DateTime } = luxon;
const MODEL = "discom.whatsapp.conversation";
const POLL_MS = 5000;
const TICKS = { queued: "fa-clock-o", in_flight: "fa-clock-o", unknown: "fa-question", held: "fa-clock-o",
    accepted: "fa-check", sent: "fa-check", delivered: "fa-check", read: "fa-check", failed: "fa-exclamation-circle",
    cancelled: "fa-ban", skipped: "fa-ban" };

/**
 * A conversation on WhatsApp as a messenger shows it, and the answer: free text while the window of 24
 * hours is open, an approved template else.
 */
export class WhatsappThread extends Component {
    static template = "discom.WhatsappThread";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.box = useRef("box");
        this.input = useRef("input");
        this.state = useState({
            messages: [], more: false, window: 0, canAnswer: false, withStaff: false, text: "", template: null,
            offered: null, busy: false, lang: "hi", problem: "",
        });
        this.readUntil = 0;
        this.atEnd = true;
        onWillStart(() => this.load(this.props.record.resId));
        onWillUpdateProps((next) => {
            if (next.record.resId !== this.props.record.resId) {
                Object.assign(this.state, { messages: [], text: "", template: null, offered: null, problem: "" });
                this.readUntil = 0;
                return this.load(next.record.resId);
            }
        });
        this.timer = setInterval(() => this.poll(), POLL_MS);
        onWillUnmount(() => clearInterval(this.timer));
        useEffect(
            () => {
                const box = this.box.el;
                if (box && !this.keepPlace) {
                    this.atEnd = true;
                    box.scrollTop = box.scrollHeight;
                }
                this.keepPlace = false;
            },
            () => [this.state.messages.length && this.state.messages.at(-1).id]
        );
    }

    // === Server ===

    async load(id) {
        const data = await this.orm.call(MODEL, "thread", [[id]]);
        const newest = data.messages.length ? data.messages.at(-1).id : 0;
        const first = data.messages.length ? data.messages[0].id : 0;
        // What was scrolled up to stays.
        const older = this.state.messages.filter((message) => message.id < first);
        Object.assign(this.state, {
            messages: [...older, ...data.messages],
            more: older.length ? this.state.more : data.more,
            window: data.window,
            canAnswer: data.can_answer,
            withStaff: data.with_staff,
            lang: data.lang,
        });
        if (data.can_answer && data.unread && newest > this.readUntil) {
            this.readUntil = newest;
            await this.orm.silent.call(MODEL, "mark_read", [[id]]);
        }
    }

    async poll() {
        if (!document.hidden && !this.state.busy) {
            await this.load(this.props.record.resId);
        }
    }

    async showOlder() {
        const data = await this.orm.call(MODEL, "thread", [[this.props.record.resId]], {
            before_id: this.state.messages[0].id,
        });
        this.keepPlace = true;
        this.state.messages = [...data.messages, ...this.state.messages];
        this.state.more = data.more;
    }

    async showOffered() {
        if (!this.state.offered) {
            this.state.offered = await this.orm.call(MODEL, "answers_offered", [[this.props.record.resId]]);
        }
    }

    async send() {
        const { text, template } = this.state;
        if (this.state.busy || (!template && !text.trim())) {
            return;
        }
        this.state.busy = true;
        this.state.problem = "";
        const id = this.props.record.resId;
        try {
            if (template) {
                await this.orm.call(MODEL, "reply_template", [[id], template.id]);
            } else {
                await this.orm.call(MODEL, "reply", [[id], text]);
            }
            Object.assign(this.state, { text: "", template: null });
            await this.props.record.load();
            await this.load(id);
        } catch (error) {
            if (!error.data?.message) {
                throw error;
            }
            this.state.problem = error.data.message;
        } finally {
            this.state.busy = false;
        }
    }

    // === What is typed ===

    onKeydown(event) {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            this.send();
        }
    }

    useAnswer(answer) {
        const text = this.state.text.trim();
        this.state.text = text ? `${text}\n${answer.body}` : answer.body;
        this.input.el?.focus();
    }

    useTemplate(template) {
        this.state.template = template;
    }

    // === What is shown ===

    get windowText() {
        const minutes = Math.floor(this.state.window / 60);
        const hours = Math.floor(minutes / 60);
        return hours
            ? _t("Free text may be sent for another %(hours)s h %(minutes)s min", { hours, minutes: minutes % 60 })
            : _t("Free text may be sent for another %s min", minutes);
    }

    time(message) {
        return DateTime.fromISO(message.at).toLocaleString(DateTime.TIME_SIMPLE);
    }

    day(message) {
        return DateTime.fromISO(message.at).toLocaleString(DateTime.DATE_MED);
    }

    /** The messages with the days between them. */
    get rows() {
        const rows = [];
        let day = "";
        for (const message of this.state.messages) {
            const today = this.day(message);
            if (today !== day) {
                rows.push({ key: `day${message.id}`, day: today });
                day = today;
            }
            rows.push({ key: message.id, message });
        }
        return rows;
    }

    tick(message) {
        return TICKS[message.state] || "";
    }

    /** WhatsApp's marks as the server has turned them into HTML; everything else in it is escaped. */
    html(message) {
        return markup(message.text);
    }

    /** A picture that has come makes the thread longer: stay at its end. */
    onImageLoad() {
        const box = this.box.el;
        if (box && this.atEnd) {
            box.scrollTop = box.scrollHeight;
        }
    }

    onScroll() {
        const box = this.box.el;
        this.atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
    }

    isImage(file) {
        return file.url && file.mime_type.startsWith("image/");
    }

    isAudio(file) {
        return file.url && file.mime_type.startsWith("audio/");
    }

    /** The place of a location, for a map; empty for any other message. */
    mapUrl(message) {
        const found = message.kind === "location" && message.text.match(/(-?\d+(?:\.\d+)?), (-?\d+(?:\.\d+)?)$/);
        return found ? `https://www.openstreetmap.org/?mlat=${found[1]}&mlon=${found[2]}#map=17/${found[1]}/${found[2]}` : "";
    }
}

registry.category("view_widgets").add("discom_whatsapp_thread", { component: WhatsappThread });
