import { evaluateExpr } from "@web/core/py_js/py";
import { patch } from "@web/core/utils/patch";
import { formatInteger } from "@web/views/fields/formatters";
import { MultiRecordViewButton } from "@web/views/view_button/multi_record_view_button";
import { ViewButton } from "@web/views/view_button/view_button";

/**
 * Fill in the numbers that the question of a button (``confirm``) asks for in braces. Who confirms
 * reads how many records it is about:
 *
 *     confirm="Cancel the selected bills ({records})?"         above a list: those selected
 *     confirm="Issue {checked_count - unapproved_count} bills?"     in a form: of its fields
 *
 * @param {string} text
 * @param {Object} values by name
 */
export function filledIn(text, values) {
    return text.replace(/\{([^{}]+)\}/g, (_braces, expression) =>
        formatInteger(evaluateExpr(expression, values))
    );
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
            const records = list.isDomainSelected ? list.count : list.selection.length;
            clickParams.confirm = filledIn(question, { records });
        }
        try {
            await super.onClick(...arguments);
        } finally {
            clickParams.confirm = question;
        }
    },
});
