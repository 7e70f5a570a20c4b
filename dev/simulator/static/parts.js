/* Small parts of the page: elements, texts, times, ticks. */

const SVG = "http://www.w3.org/2000/svg";
const MARKS = [
    [/```([^`]+)```/, "code"],
    [/(?<![\p{L}\p{N}])\*(\S(?:[^*\n]*\S)?)\*(?![\p{L}\p{N}])/u, "b"],
    [/(?<![\p{L}\p{N}])_(\S(?:[^_\n]*\S)?)_(?![\p{L}\p{N}])/u, "i"],
    [/(?<![\p{L}\p{N}])~(\S(?:[^~\n]*\S)?)~(?![\p{L}\p{N}])/u, "s"],
    [/(https?:\/\/[^\s<>"]+[^\s<>".,;:!?।)])/, "a"],
];

/** An element with attributes and children; children that are null are left out. */
export function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
}

/** The nodes of a text with *bold*, _italic_, ~struck~, ```code``` and links. */
export function formatText(text) {
    let first = null;
    for (const [pattern, tag] of MARKS) {
        const match = pattern.exec(text);
        if (match && (!first || match.index < first.match.index)) {
            first = { match, tag };
        }
    }
    if (!first) {
        return text ? [text] : [];
    }
    const { match, tag } = first;
    const inside = tag === "a" || tag === "code" ? [match[1]] : formatText(match[1]);
    const attributes = tag === "a" ? { href: match[1], target: "_blank", rel: "noopener" } : {};
    return [
        text.slice(0, match.index),
        el(tag, attributes, ...inside),
        ...formatText(text.slice(match.index + match[0].length)),
    ];
}

/** An Indian number in its usual groups, any other with a plus. */
export function showNumber(number) {
    return number.replace(/^(91)?(\d{5})(\d{5})$/, (_all, _code, a, b) => `+91 ${a} ${b}`).replace(/^(?=\d)/, "+");
}

export function initials(chat) {
    return chat.name ? [...chat.name][0].toUpperCase() : chat.number.slice(-2);
}

/** A colour of its own for each number, in degrees. */
export function hue(number) {
    return (Number(number.slice(-4)) * 137) % 360;
}

/** A text without the marks of its format. */
export function plain(text) {
    return el("p", {}, ...formatText(text || "")).textContent;
}

function drawing(viewBox, className, label, path) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", viewBox);
    svg.setAttribute("class", className);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
}

/** The mark of a place. */
export function pin() {
    return drawing("0 0 24 24", "pin", "place", "M12 21c-4-5-6-8-6-11a6 6 0 0 1 12 0c0 3-2 6-6 11zM12 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z");
}

export function showTime(seconds, withSeconds = false) {
    if (!seconds) {
        return "";
    }
    const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    return new Date(seconds * 1000).toLocaleTimeString("en-IN", withSeconds ? { ...options, second: "2-digit" } : options);
}

export function showDay(seconds) {
    const day = new Date(seconds * 1000);
    if (day.toDateString() === new Date().toDateString()) {
        return "Today";
    }
    return day.toLocaleDateString("en-IN", { day: "numeric", month: "long", year: "numeric" });
}

export function showSize(bytes) {
    if (!bytes) {
        return "";
    }
    return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** The mark of a message's state: clock, one tick, two ticks, two coloured ticks, cross. */
export function tick(message) {
    const state = message.direction === "in" ? (message.read_at ? "read" : "delivered") : message.status;
    const paths = {
        accepted: "M9 6m-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0M9 3.4V6l1.8 1.2",
        sent: "M4.5 6.5l3 3L14 2.5",
        delivered: "M1.5 6.5l3 3L11 2.5M8.5 9l.7.7L16 2.5",
        read: "M1.5 6.5l3 3L11 2.5M8.5 9l.7.7L16 2.5",
        failed: "M5.5 2.5l7 7M12.5 2.5l-7 7",
    };
    return drawing("0 0 18 12", `tick ${state}`, state, paths[state] || "");
}
