import { registry } from "@web/core/registry";

const open = [
    {
        content: "the conversation waits, with what was written and how many are unread",
        trigger: ".o_kanban_record:contains(Tour consumer):contains(meter burns):contains(2)",
        run: "click",
    },
    {
        content: "the thread shows what came in",
        trigger: ".o_discom_thread .o_in:contains(meter burns)",
    },
    {
        content: "the window is open and says how long",
        trigger: ".o_discom_thread_window.text-success:contains(h)",
    },
];

// A clerk answers with a canned answer and settles.
registry.category("web_tour.tours").add("discom_inbox", {
    steps: () => [
        {
            content: "the bar says that somebody waits",
            trigger: ".o_discom_inbox_systray .badge",
        },
        ...open,
        {
            content: "canned answers",
            trigger: ".o_discom_thread_offer",
            run: "click",
        },
        {
            trigger: ".o_discom_thread_offered button:contains(Tour answer)",
            run: "click",
        },
        {
            content: "it can be changed before it goes",
            trigger: ".o_discom_thread_input",
            run: "edit We come at once",
        },
        {
            trigger: ".o_discom_thread_send",
            run: "click",
        },
        {
            content: "the answer stands in the thread, with who wrote it",
            trigger: ".o_discom_thread .o_out:contains(We come at once):contains(test_counter)",
        },
        {
            content: "it is mine now, and answered",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Answered)",
        },
        {
            trigger: "button[name=action_close]",
            run: "click",
        },
        {
            trigger: "button[name=action_reopen]",
        },
    ],
});

// From a phone, after 24 hours: only a template goes.
registry.category("web_tour.tours").add("discom_inbox_phone", {
    steps: () => [
        open[0],
        open[1],
        {
            content: "no free text any more",
            trigger: ".o_discom_thread_window:contains(approved template)",
        },
        {
            content: "the text box is gone",
            trigger: ".o_discom_thread_composer:not(:has(textarea))",
        },
        {
            trigger: ".o_discom_thread_offer",
            run: "click",
        },
        {
            trigger: ".o_discom_thread_offered button:contains(office reply)",
            run: "click",
        },
        {
            content: "what will be sent, filled in",
            trigger: ".o_discom_thread_template:contains(Tour consumer)",
        },
        {
            trigger: ".o_discom_thread_send",
            run: "click",
        },
        {
            trigger: ".o_discom_thread .o_out:contains(Tour consumer)",
        },
        {
            content: "nothing is wider than the screen",
            trigger: "body",
            run() {
                if (document.documentElement.scrollWidth > window.innerWidth + 1) {
                    throw new Error(`The page is ${document.documentElement.scrollWidth} px wide`);
                }
            },
        },
    ],
});
