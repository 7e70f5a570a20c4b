import { _t } from "@web/core/l10n/translation";
import { evaluateExpr } from "@web/core/py_js/py";
import { patch } from "@web/core/utils/patch";
import { formatInteger } from "@web/views/fields/formatters";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { ListController } from "@web/views/list/list_controller";
import { MultiRecordViewButton } from "@web/views/view_button/multi_record_view_button";
import { ViewButton } from "@web/views/view_button/view_button";

/**
 * Fill in the numbers that the question of a button (``confirm``) asks for in braces. Who confirms
 * reads how many records it is about:
 *
 *     confirm="Cancel the selected bills ({records})?"         above a list: those selected
 *     confirm="Issue {checked_count - unapproved_count} bills?"     in a form: of its fields
 *     confirm="Send it to its recipients ({recipient_ids})?"     how many there are in a list
 *
 * @param {string} text
 * @param {Object} values by name
 */
export function filledIn(text, values) {
    return text.replace(/\{([^{}]+)\}/g, (_braces, expression) => {
        const value = evaluateExpr(expression, values);
        return formatInteger(Array.isArray(value) ? value.length : value);
    });
}

/** How many records of a list are selected, those on other pages as well. */
function selected(list) {
    return list.isDomainSelected ? list.count : list.selection.length;
}

patch(ViewButton.prototype, {
    onClick() {
        this.asks = true;
        try {
            return super.onClick(...arguments);
        } finally {
            this.asks = false;
        }
    },

    get clickParams() {
        const params = super.clickParams;
        if (this.asks && params.confirm?.includes("{") && this.props.record) {
            params.confirm = filledIn(params.confirm, this.props.record.evalContext);
        }
        return params;
    },
});

patch(MultiRecordViewButton.prototype, {
    async onClick() {
        const { clickParams, list } = this.props;
        const question = clickParams.confirm;
        if (question?.includes("{")) {
            clickParams.confirm = filledIn(question, { records: selected(list) });
        }
        try {
            await super.onClick(...arguments);
        } finally {
            clickParams.confirm = question;
        }
    },
});

/** Odoo's own questions before archiving and deleting what is selected, for records of ours. */
const asksHowMany = () => ({
    get archiveDialogProps() {
        return this.counted(super.archiveDialogProps, (count) =>
            _t("Archive the selected records (%s)?", count)
        );
    },

    get deleteConfirmationDialogProps() {
        return this.counted(super.deleteConfirmationDialogProps, (count) =>
            _t("Delete the selected records (%s)? Nobody can bring them back.", count)
        );
    },

    counted(props, question) {
        const { root } = this.model;
        const ours = /^(discom\.|res\.partner$)/.test(this.props.resModel);
        return ours ? { ...props, body: question(formatInteger(selected(root))) } : props;
    },
});
// Each patch needs an object of its own: ``super`` is that of the object.
patch(ListController.prototype, asksHowMany());
patch(KanbanController.prototype, asksHowMany());
