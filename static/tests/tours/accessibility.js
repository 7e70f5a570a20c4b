import { loadJS } from "@web/core/assets";

// Where tests/common_axe.py puts axe-core.
const AXE_URL = "/discom/tests/axe.min.js";
// WCAG 2.0 and 2.1, levels A and AA.
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];

// Parts of Odoo's own that stand within our screens, and what of them does not meet it.
const ODOO = [
    ".o-mail-Form-chatter, .o-mail-ChatterContainer", // pictures without text, labels on plain divs
    ".o-mail-Avatar, .o_kanban_activity, .o-mail-ActivityButton", // the same
    ".o_progress", // bounds of a progress bar that is none by its role
    ".o_notebook_headers", // tabs in no list of tabs
    ".o_select_menu_toggler, .o_select_menu", // a value of autocomplete that does not exist
    ".o-autocomplete--input, .o_tag", // aria-selected on a text field, on plain spans
    ".o_optional_columns_dropdown, .o_clipboard_button", // buttons with a picture alone
    ".o_list_record_selector", // boxes to select rows, without a label
].flatMap((selectors) => selectors.split(", "));

/**
 * A step that fails where the part `selector` of the page does not meet WCAG AA.
 *
 * @param {string} selector of what is looked at, but for parts of Odoo
 */
export function accessible(selector) {
    return {
        content: `WCAG AA: ${selector}`,
        trigger: selector,
        timeout: 30000,
        async run() {
            if (!window.axe) {
                await loadJS(AXE_URL);
            }
            if (!window.axe) {
                console.info("axe-core is not here: nothing was looked at");
                return;
            }
            // What is fading in has the contrast of a moment.
            const fading = document
                .getAnimations()
                .filter(({ effect }) => effect.getComputedTiming().iterations !== Infinity);
            await Promise.allSettled(fading.map(({ finished }) => finished));
            const found = await window.axe.run(
                { include: [selector], exclude: ODOO },
                { runOnly: TAGS, resultTypes: ["violations"] }
            );
            if (found.violations.length) {
                throw new Error(found.violations.map(told).join("\n"));
            }
        },
    };
}

function told({ id, help, nodes }) {
    const places = nodes.map((node) => `  ${node.target}: ${node.html}\n    ${node.failureSummary}`);
    return `${id}: ${help}\n${places.join("\n")}`;
}
