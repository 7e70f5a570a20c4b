import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { Record } from "@web/model/relational_model/record";

/**
 * What a form of ours says when it cannot be saved: which fields are to be filled in. Odoo says that
 * some are, in English where nobody has translated it, and a phone shows few fields at a time.
 */
patch(Record.prototype, {
    _displayInvalidFieldNotification() {
        const labels = [...this._invalidFields].map((name) => this.fields[name]?.string);
        if (!/^(discom\.|res\.partner$)/.test(this.resModel) || !labels.length || labels.includes(undefined)) {
            return super._displayInvalidFieldNotification(...arguments);
        }
        return this.model.notification.add(_t("Fill in or correct: %s.", labels.join(", ")), {
            type: "danger",
        });
    },
});
