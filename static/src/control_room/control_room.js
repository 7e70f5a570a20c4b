import { Component, onMounted, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { ControlRoomChart } from "./control_room_chart";
import { exactRupees, number, rupees, share } from "./control_room_format";

const EVERY_MS = 30000;
// While the server counts anew what is shown.
const SOON_MS = 5000;
const OLD_MINUTES = 2;
const OFFICE_KEY = "discom_control_room_office";
const INK = "#495057";
const COLOURS = {
    good: "#1b7f4d",
    info: "#2b6cb0",
    warn: "#b7791f",
    bad: "#c53030",
    violet: "#6b52ae",
    mute: "#868e96",
};
const AGES = ["good", "info", "info", "warn", "warn", "bad", "bad", "violet", "mute"];

/**
 * The first page: what an office has to know at this moment, each figure a way to its records. It
 * reads itself anew while somebody looks at it, and shows what it had when the server is away.
 */
export class ControlRoom extends Component {
    static template = "discom.ControlRoom";
    static components = { ControlRoomChart };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.menus = useService("menu");
        Object.assign(this, { exactRupees, number, rupees, share });
        this.state = useState({ room: null, busy: false, trouble: false });
        this.office = Number(browser.localStorage.getItem(OFFICE_KEY)) || false;
        this.alive = true;
        this.onVisible = () => !document.hidden && this.refresh();
        onWillStart(() => this.start());
        onMounted(() => {
            document.addEventListener("visibilitychange", this.onVisible);
            this.wait();
        });
        onWillUnmount(() => {
            this.alive = false;
            clearTimeout(this.timer);
            document.removeEventListener("visibilitychange", this.onVisible);
        });
    }

    // === Reading ===

    async start() {
        try {
            await this.read();
        } catch (error) {
            if (!this.office) {
                throw error;
            }
            // The office of last time is no longer the user's.
            this.office = false;
            await this.read();
        }
    }

    async read(fresh = false) {
        const asked = this.office;
        const room = await this.orm.silent.call("discom.control.room", "figures", [asked, fresh]);
        if (this.alive && asked === this.office) {
            this.state.room = room;
            this.state.trouble = false;
        }
    }

    wait() {
        clearTimeout(this.timer);
        if (this.alive) {
            this.timer = setTimeout(() => this.refresh(), this.isOld ? SOON_MS : EVERY_MS);
        }
    }

    async refresh(fresh = false) {
        if (this.state.busy) {
            return;
        }
        clearTimeout(this.timer);
        // Nobody looks at a hidden page, and its return wakes it.
        if (document.hidden) {
            return;
        }
        this.state.busy = true;
        try {
            await this.read(fresh);
        } catch (error) {
            // What was read before stays, with its time; the next try comes by itself.
            this.state.trouble =
                (error instanceof RPCError && error.data?.message) ||
                _t("The server does not answer. These are earlier figures; it is asked again by itself.");
        } finally {
            this.state.busy = false;
            this.wait();
        }
    }

    async onOffice(event) {
        this.office = Number(event.target.value) || false;
        browser.localStorage.setItem(OFFICE_KEY, this.office || "");
        this.state.busy = false;
        await this.refresh();
    }

    toggleWall() {
        const root = document.querySelector(".o_discom_control_room");
        return document.fullscreenElement ? document.exitFullscreen() : root?.requestFullscreen?.();
    }

    // === Going to the records ===

    async open(figure) {
        const { model, domain, title } = figure;
        const action = await this.action.loadAction(this.state.room.actions[model]);
        await this.action.doAction({
            ...action,
            // As an action of its own: nobody's default filter of that list may narrow it.
            id: false,
            path: false,
            name: title,
            display_name: title,
            domain,
            context: { hierarchical_naming: false },
            views: [
                ...action.views.filter(([, type]) => type === "list"),
                ...action.views.filter(([, type]) => type !== "list"),
            ],
        });
    }

    openRecord(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    async openStep(step) {
        const action = await this.orm.call("discom.setup.step", "action_open", [step.id]);
        await this.action.doAction(action);
    }

    /** Menus of the daily work that are shown to the user. */
    get work() {
        const shown = new Map(this.menus.getAll().map((menu) => [menu.xmlid, menu]));
        return this.state.room.work.map((xmlid) => shown.get(xmlid)).filter(Boolean);
    }

    // === Showing ===

    get data() {
        return this.state.room.data;
    }

    get sections() {
        return this.state.room.sections;
    }

    /** Words around figures, whose order differs from language to language. */
    said = {
        payments: (count) => _t("%s payments", number(count)),
        today: (count) => _t("today, %s payments", number(count)),
        consumers: (count) => _t("owed by %s consumers", number(count)),
        reachable: (part) => _t("%s reachable", share(part)),
        bills: (month) => _t("Bills, %s", month),
        collection: (month) => _t("Collection, %s", month),
    };

    get asOf() {
        const { as_of: asOf } = this.state.room;
        return asOf && _t("As of %s", deserializeDateTime(asOf).toFormat("HH:mm:ss"));
    }

    get isOld() {
        const { as_of: asOf, now } = this.state.room;
        const age = asOf && deserializeDateTime(now).diff(deserializeDateTime(asOf), "minutes");
        return Boolean(age && age.minutes >= OLD_MINUTES);
    }

    time(value) {
        const moment = deserializeDateTime(value);
        const today = moment.hasSame(deserializeDateTime(this.state.room.now), "day");
        return moment.toFormat(today ? "HH:mm" : "d LLL HH:mm");
    }

    indent(office) {
        return "\u00a0\u00a0".repeat(office.depth) + office.name;
    }

    width(value, total) {
        return `width: ${total ? (100 * value) / total : 0}%`;
    }

    /** The figures that are read from across the room. */
    get tiles() {
        const { outages, messages, bills, kyc, collection, dues } = this.data;
        const tiles = {
            outages: () => ({
                label: _t("Without supply now"),
                value: number(outages.people.value),
                note: _t("%s outages", number(outages.now.value)),
                figure: outages.people,
                kind: outages.people.value ? "bad" : "good",
            }),
            kyc: () => ({
                label: _t("Reachable on WhatsApp"),
                value: share(kyc.rows[0].share),
                note: _t(
                    "%(reachable)s of %(total)s",
                    {
                        reachable: number(kyc.rows[0].reachable.value),
                        total: number(kyc.rows[0].total.value),
                    }
                ),
                figure: kyc.rows[0].reachable,
                kind: "good",
            }),
            bills: () => ({
                label: _t("Bills issued this month"),
                value: number(bills.issued.value),
                note: rupees(bills.issued.amount),
                figure: bills.issued,
                kind: "info",
            }),
            messages: () => ({
                label: _t("Messages sent today"),
                value: number(messages.total.outcomes[0].figure.value),
                note: _t("%s a minute now", number(messages.rate.value)),
                figure: messages.total.outcomes[0].figure,
                kind: "info",
            }),
            collection: () => ({
                label: _t("Collected this month"),
                value: rupees(collection.this.amount),
                note: this.compared(collection),
                figure: collection.this,
                kind: "good",
            }),
            dues: () => ({
                label: _t("Dues"),
                value: rupees(dues.total.amount),
                note: _t("%s consumers", number(dues.total.value)),
                figure: dues.total,
                kind: "warn",
            }),
        };
        return this.sections
            .filter((name) => name in tiles)
            .map((name) => ({ name, ...tiles[name]() }));
    }

    compared({ this: now, same }) {
        if (!same.amount) {
            return _t("nothing to compare with");
        }
        const change = (100 * (now.amount - same.amount)) / same.amount;
        return change >= 0
            ? _t("%s more than last month by now", share(change))
            : _t("%s less than last month by now", share(-change));
    }

    // === Charts ===

    axes(money) {
        const ticks = { color: INK, font: { size: 12 } };
        return {
            x: { ticks: { ...ticks, maxRotation: 0, autoSkip: true }, grid: { display: false } },
            y: {
                beginAtZero: true,
                ticks: {
                    ...ticks,
                    maxTicksLimit: 5,
                    callback: (value) =>
                        money ? rupees(value) : Number.isInteger(value) ? number(value) : "",
                },
            },
        };
    }

    options(money, more = {}) {
        return {
            scales: this.axes(money),
            plugins: {
                legend: { display: false },
                tooltip: {
                    callbacks: {
                        label: ({ dataset, parsed }) =>
                            `${dataset.label}: ${money ? exactRupees(parsed.y) : number(parsed.y)}`,
                    },
                },
            },
            ...more,
        };
    }

    get hourChart() {
        const hours = new Map(this.data.messages.hours.map((row) => [row.hour, row]));
        const known = [...hours.keys()];
        const last = deserializeDateTime(this.state.room.now).setZone("Asia/Kolkata").hour;
        const first = Math.min(...known, Math.max(last - 6, 0));
        const end = Math.max(...known, last);
        const labels = Array.from({ length: end - first + 1 }, (_value, place) => first + place);
        const series = (key) => labels.map((hour) => hours.get(hour)?.[key] || 0);
        const options = this.options(false);
        options.scales.x.stacked = options.scales.y.stacked = true;
        return {
            type: "bar",
            data: {
                labels: labels.map((hour) => `${hour}:00`),
                datasets: [
                    { label: _t("Left"), data: series("sent"), backgroundColor: COLOURS.info },
                    { label: _t("Failed"), data: series("failed"), backgroundColor: COLOURS.bad },
                ],
            },
            options,
        };
    }

    get collectionChart() {
        const { series, series_last: before, month, last_month: lastMonth } = this.data.collection;
        const length = Math.max(series.length, before.length);
        const line = { pointRadius: 0, pointHitRadius: 12, borderWidth: 3, tension: 0.2 };
        return {
            type: "line",
            data: {
                labels: Array.from({ length }, (_value, place) => String(place + 1)),
                datasets: [
                    { label: month, data: series, borderColor: COLOURS.good, ...line },
                    {
                        label: lastMonth,
                        data: before,
                        borderColor: COLOURS.mute,
                        ...line,
                        borderWidth: 2,
                        borderDash: [6, 4],
                    },
                ],
            },
            options: this.options(true, { interaction: { mode: "index", intersect: false } }),
        };
    }

    get duesChart() {
        const { buckets } = this.data.dues;
        return {
            type: "bar",
            data: {
                labels: buckets.map((bucket) => bucket.label),
                datasets: [
                    {
                        label: _t("Dues"),
                        data: buckets.map((bucket) => bucket.figure.amount),
                        backgroundColor: AGES.map((kind) => COLOURS[kind]),
                    },
                ],
            },
            options: this.options(true),
        };
    }
}

registry.category("actions").add("discom_control_room", ControlRoom);
