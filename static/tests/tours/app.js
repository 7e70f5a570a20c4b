import { stepUtils } from "@web_tour/tour_utils";

const ROOM = ".o_discom_control_room";

/**
 * Steps that open the app from the menu of apps. It is the first app and open already, so its
 * screen looks the same before and after: the steps end when the one that is left has gone.
 *
 * @param {Object[]} menu steps that show the app's entry in the menu of apps
 * @param {string} entry where that entry is looked for
 */
export function openApp(menu = [stepUtils.showAppsMenuItem()], entry = "") {
    return [
        { content: "the app opens by itself", trigger: ROOM, timeout: 30000 },
        ...menu,
        {
            content: "open it from the menu",
            trigger: `${entry} .o_app[data-menu-xmlid="discom.menu_discom_root"]`.trim(),
            async run(helpers) {
                document.querySelector(ROOM).dataset.left = "true";
                await helpers.click();
            },
        },
        { content: "it has opened anew", trigger: `${ROOM}:not([data-left])`, timeout: 30000 },
    ];
}

/** Selector of the current state in a status bar, which is a menu on a phone. */
export function currentState(label) {
    return [".o_arrow_button_current", ".dropdown-toggle"]
        .map((button) => `.o_statusbar_status ${button}:contains('${label}')`)
        .join(", ");
}
