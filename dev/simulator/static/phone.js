/* The consumers' phones: list of chats, one open chat, and what the consumer answers. */

import { el, formatText, hue, initials, pin, plain, showDay, showNumber, showSize, showTime, tick } from "./parts.js";

const $ = (id) => document.getElementById(id);
const LIST_LIMIT = 60;
const ACCEPTED = { image: "image/jpeg,image/png", document: "application/pdf", audio: "audio/ogg,audio/mpeg,audio/mp4", video: "video/mp4" };
const CHAT_LIMIT = 200;
const POSSIBLE_NUMBER = /^\+?[1-9]\d{9,14}$/;

let current = null;
let manualRead = false;
let stream = null;
let drawnIds = new Set();
const opened = new Set();
const openLists = new Set();

async function call(path, body) {
    const options = body === undefined ? {} : {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
    };
    const answer = await fetch(`/simulator/${path}`, options);
    const data = await answer.json();
    if (!answer.ok) {
        throw new Error(data.error);
    }
    return data;
}

function complain(error) {
    $("problem").textContent = error ? error.message : "";
    $("problem").hidden = !error;
}

/* -- chats -------------------------------------------------------------------------------- */

function drawChat(chat) {
    const name = chat.name || showNumber(chat.number);
    const button = el("button", { type: "button", "aria-current": String(chat.number === current) },
        el("span", { class: "avatar", style: `--hue:${hue(chat.number)}` }, initials(chat)),
        el("span", { class: "who" }, name),
        el("time", {}, showTime(chat.time)),
        el("span", { class: "last" }, plain(chat.last) || "…"),
        chat.unread ? el("span", { class: "unread", title: "not read yet" }, String(chat.unread)) : el("span"),
    );
    button.addEventListener("click", () => openChat(chat.number));
    return el("li", {}, button);
}

async function refreshList() {
    const query = $("search").value.trim();
    const chats = await call(`chats?limit=${LIST_LIMIT}&q=${encodeURIComponent(query)}`);
    const rows = chats.map(drawChat);
    const digits = query.replace(/[\s-]/g, "").replace(/^\+/, "");
    if (POSSIBLE_NUMBER.test(digits) && !chats.some((chat) => chat.number === digits)) {
        const start = el("button", { type: "button" },
            el("span", { class: "avatar", style: "--hue:150" }, "+"),
            el("span", { class: "who" }, showNumber(digits)),
            el("span"),
            el("span", { class: "last" }, "Write from this number"),
        );
        start.addEventListener("click", () => openChat(digits));
        rows.push(el("li", {}, start));
    }
    if (!rows.length) {
        rows.push(el("li", { class: "none" }, query
            ? "No chat with this number yet. Type a whole number to write from it."
            : "No messages yet. Send one to this simulator, or type a number above and write from it."));
    }
    $("list").replaceChildren(...rows);
}

async function refreshCounts() {
    const state = await call("state");
    const number = (value) => value.toLocaleString("en-IN");
    $("counts").textContent = state.accepted
        ? `${number(state.accepted)} accepted · ${number(state.statuses.delivered)} delivered · ${number(state.statuses.read)} read`
        : "Simulator, no message leaves this machine";
}

/* -- one chat ------------------------------------------------------------------------------ */

function drawMedia(message) {
    const media = message.media;
    if (!media) {
        return [];
    }
    if (media.url && (media.mime_type || "").startsWith("image/")) {
        return [el("a", { href: media.url, target: "_blank", rel: "noopener" },
            el("img", { class: "photo", src: media.url, alt: media.filename || "photo", width: 300, height: 190 }))];
    }
    const extension = (media.filename || "").split(".").pop().slice(0, 4).toUpperCase() || "FILE";
    const inside = [
        el("span", { class: "kind", "aria-hidden": "true" }, extension),
        el("span", {},
            el("span", { class: "name" }, media.filename || "file"),
            el("span", { class: "size" }, media.url ? showSize(media.size) : "content no longer kept")),
    ];
    return [media.url
        ? el("a", { class: "file", href: media.url, target: "_blank", rel: "noopener" }, ...inside)
        : el("div", { class: "file" }, ...inside)];
}

function drawLocation(place) {
    const label = `${place.latitude}, ${place.longitude}`;
    return el("div", { class: "file" }, pin(), el("span", {}, label));
}

function drawDetail(message) {
    const rows = [
        ["Accepted", showTime(message.timestamp, true)],
        ["Sent", showTime(message.sent_at, true)],
        ["Delivered", showTime(message.delivered_at, true)],
        ["Read", showTime(message.read_at, true)],
        ["Template", message.template && `${message.template.name} (${message.template.language}, ${message.template.category.toLowerCase()})`],
        ["Key", message.key],
        ["Id", message.id],
    ];
    return el("dl", { class: "detail" }, ...rows.filter((row) => row[1]).flatMap(
        ([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function drawButton(message, button) {
    if (button.type === "url") {
        return el("a", { href: button.url, target: "_blank", rel: "noopener" }, `${button.text} ↗`);
    }
    if (button.type === "phone_number") {
        return el("a", { href: `tel:${button.phone_number}` }, `☎ ${button.text}`);
    }
    const tap = el("button", { type: "button" }, button.text,
        button.description ? el("small", {}, button.description) : null);
    tap.addEventListener("click", () => say({
        reply: { type: "interactive", message: message.id, id: button.id },
        share: { type: "contacts", message: message.id, share: true },
    }[button.type] || { type: "button", message: message.id, button: button.payload }));
    return tap;
}

/** The choices under a message; those of a list are behind its button, as on a phone. */
function drawChoices(message) {
    const choices = message.buttons.map((button) => drawButton(message, button));
    if (!message.list) {
        return el("div", { class: "buttons" }, ...choices);
    }
    const list = el("details", { class: "buttons list" }, el("summary", {}, `☰ ${message.list}`), ...choices);
    list.open = openLists.has(message.id);
    list.addEventListener("toggle", () => {
        list.open ? openLists.add(message.id) : openLists.delete(message.id);
    });
    return list;
}

function drawMessage(message, byId, severalSenders) {
    const answered = byId.get(message.context || message.reacts_to);
    const detailsOpen = opened.has(message.id);
    const status = el("button", { type: "button", title: message.status, "aria-expanded": String(detailsOpen) },
        showTime(message.timestamp), tick(message));
    status.addEventListener("click", () => {
        opened.has(message.id) ? opened.delete(message.id) : opened.add(message.id);
        refreshChat();
    });
    const bubble = el("div", { class: "bubble" },
        severalSenders && message.direction === "out" ? el("div", { class: "sender" }, message.sender) : null,
        answered ? el("div", { class: "quote" }, el("span", {}, plain(answered.body) || (answered.media && answered.media.filename) || answered.type)) : null,
        message.header && message.header.text ? el("div", { class: "header-text" }, message.header.text) : null,
        ...drawMedia(message),
        message.location ? drawLocation(message.location) : null,
        message.body ? el("div", { class: "body" }, ...formatText(message.body)) : null,
        message.type === "unsupported" ? el("div", { class: "footer" }, "A kind of message the business cannot see") : null,
        message.footer ? el("div", { class: "footer" }, message.footer) : null,
        message.failed ? el("div", { class: "failure" }, `Not delivered: ${message.failed.title} (${message.failed.code})`) : null,
        detailsOpen ? drawDetail(message) : null,
        el("div", { class: "foot" }, status),
    );
    const kinds = ["message", message.direction === "in" ? "in" : "out", message.failed ? "failed" : "",
        message.type === "reaction" ? "reaction" : "", drawnIds.size && !drawnIds.has(message.id) ? "new" : ""];
    return el("li", { class: kinds.filter(Boolean).join(" ") }, bubble,
        message.buttons.length && !message.failed ? drawChoices(message) : null);
}

async function refreshChat() {
    const number = current;
    if (!number) {
        return;
    }
    const messages = await call(`messages?to=${number}&limit=${CHAT_LIMIT}`);
    if (number !== current) {
        return;
    }
    const byId = new Map(messages.map((message) => [message.id, message]));
    const senders = new Set(messages.filter((message) => message.direction === "out").map((message) => message.phone_number_id));
    const rows = [];
    let day = null;
    for (const message of messages) {
        const today = showDay(message.timestamp);
        if (today !== day) {
            rows.push(el("li", { class: "day" }, today));
            day = today;
        }
        rows.push(drawMessage(message, byId, senders.size > 1));
    }
    const box = $("messages");
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 120;
    const grew = messages.some((message) => !drawnIds.has(message.id));
    box.replaceChildren(...rows);
    if (atEnd || (grew && !drawnIds.size)) {
        box.scrollTop = box.scrollHeight;
    }
    drawnIds = new Set(byId.keys());
    const latest = [...messages].reverse().find((message) => message.direction === "out");
    $("title").textContent = latest ? latest.sender : "The business";
    $("subtitle").textContent = `on the phone of ${showNumber(number)}`;
    $("avatar").textContent = [...(latest ? latest.sender : "B")][0];
    if (manualRead && messages.some((message) => message.direction === "out" && !message.read_at && !message.failed)) {
        await call("read", { number });
    }
}

function openChat(number) {
    current = number;
    drawnIds = new Set();
    opened.clear();
    openLists.clear();
    complain(null);
    document.body.classList.add("open");
    $("phone").hidden = false;
    $("empty").hidden = true;
    history.replaceState(null, "", `?number=${number}`);
    watch();
    if (matchMedia("(width > 760px)").matches) {
        $("text").focus();
    }
}

function closeChat() {
    current = null;
    document.body.classList.remove("open");
    $("phone").hidden = true;
    $("empty").hidden = false;
    history.replaceState(null, "", location.pathname);
    watch();
}

async function say(message) {
    $("attach").open = false;
    try {
        complain(null);
        await call("inbound", { from: current, ...message });
        await refreshChat();
        $("messages").scrollTop = $("messages").scrollHeight;
    } catch (error) {
        complain(error);
    }
}

function pickFile(kind) {
    const input = $("file");
    input.accept = ACCEPTED[kind];
    input.value = "";
    input.onchange = () => {
        const file = input.files[0];
        const reader = new FileReader();
        reader.onload = () => say({
            type: kind, filename: file.name, mime_type: file.type, data: reader.result.split(",")[1],
        });
        reader.readAsDataURL(file);
    };
    input.click();
}

/* -- life ---------------------------------------------------------------------------------- */

let busy = false;
let again = false;

async function refresh() {
    if (busy) {
        again = true;
        return;
    }
    busy = true;
    try {
        manualRead = (await call("settings")).read_mode === "manual";
        await Promise.all([refreshChat(), refreshList(), refreshCounts()]);
    } catch (error) {
        complain(error);
    } finally {
        busy = false;
    }
    if (again) {
        again = false;
        refresh();
    }
}

function rest() {
    if (stream) {
        stream.close();
        stream = null;
    }
}

function watch() {
    rest();
    stream = new EventSource(`/simulator/changes?number=${current || ""}`);
    stream.onmessage = refresh;
    refresh();
}

$("search").addEventListener("input", refreshList);
$("back").addEventListener("click", closeChat);
$("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = $("text").value.trim();
    if (text) {
        $("text").value = "";
        say({ text });
    }
});
$("suggestions").addEventListener("click", (event) => {
    if (event.target.tagName === "BUTTON") {
        say({ text: event.target.textContent });
    }
});
$("attach").addEventListener("click", (event) => {
    const { pick, send } = event.target.dataset;
    if (pick) {
        $("attach").open = false;
        pickFile(pick);
    } else if (send === "location") {
        say({ type: "location", latitude: 24.2, longitude: 83.03, place: "Pipri" });
    } else if (send) {
        say({ type: send });
    }
});

/* A browser opens few connections to one host: a page that nobody sees gives its own back. */
addEventListener("pagehide", rest);
document.addEventListener("visibilitychange", () => (document.hidden ? rest() : watch()));

const asked = new URLSearchParams(location.search).get("number");
if (asked) {
    openChat(asked.replace(/\D/g, ""));
} else {
    watch();
}
