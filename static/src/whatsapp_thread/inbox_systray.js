import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";

const POLL_MS = 60000;

/** How many consumers wait for an answer, in the bar at the top; opens the inbox. */
export class InboxSystray extends Component {
    static template = "discom.InboxSystray";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ shown: false, open: 0, mine: 0 });
        onWillStart(async () => {
            this.state.shown = await user.checkAccessRight("discom.whatsapp.conversation", "read");
            if (this.state.shown) {
                // The bar does not wait for a count.
                this.count();
                this.timer = setInterval(() => this.count(), POLL_MS);
            }
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    async count() {
        if (!document.hidden) {
            Object.assign(this.state, await this.orm.silent.call("discom.whatsapp.conversation", "inbox_counts", []));
        }
    }

    async openInbox() {
        await this.action.doAction("discom.discom_whatsapp_conversation_action", { clearBreadcrumbs: true });
        this.count();
    }
}

registry.category("systray").add("discom.inbox", { Component: InboxSystray }, { sequence: 26 });
