import { download } from "@web/core/network/download";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { getReportUrl } from "@web/webclient/actions/reports/utils";

/** Bills that are printed while one waits, some seconds; more are printed in the background. */
export const limits = { direct: 200 };

/**
 * Download a report that the server renders with typst. The stock handler asks for wkhtmltopdf
 * first and shows an HTML page without it.
 */
async function downloadTypstReport(action, options, env) {
    if (!action.report_file?.endsWith(".typ")) {
        return false;
    }
    const { active_ids: ids, active_model: model } = action.context;
    if (model === "discom.bill" && ids?.length > limits.direct) {
        const progress = await env.services.orm.call(
            "discom.bill.print",
            "print_selection",
            [action.report_name],
            { context: { ...user.context, ...action.context } }
        );
        await env.services.action.doAction(progress);
        // The list, which would be loaded anew now, is no longer on the screen.
        options.onClose = undefined;
        return true;
    }
    env.services.ui.block();
    try {
        await download({
            url: "/report/download",
            data: {
                data: JSON.stringify([getReportUrl(action, "pdf"), action.report_type]),
                context: JSON.stringify({ ...user.context, ...action.context }),
            },
        });
    } finally {
        env.services.ui.unblock();
    }
    return true;
}

registry.category("ir.actions.report handlers").add("discom_typst", downloadTypstReport);
