import { registry } from "@web/core/registry";

// Two people at the counter, with the keyboard alone: nothing here clicks.
registry.category("web_tour.tours").add("discom_kyc_counter", {
    steps: () => [
        {
            content: "the account number is typed, or scanned",
            trigger: "#discom_kyc_search:focus",
            run: "edit 7788990011 && press Enter",
        },
        {
            content: "the dues are shown, and the focus is on the number",
            trigger: ".o_discom_kyc_dues:contains(500)",
        },
        {
            trigger: "#discom_kyc_number:focus",
            run: "edit 12345 && press Enter",
        },
        {
            content: "a number that cannot be is refused at once, and the focus stays on it",
            trigger: ".alert-danger:contains(complete Indian number)",
        },
        {
            trigger: "#discom_kyc_number:focus",
            run: "edit 94152 61299 && press Enter",
        },
        {
            content: "the notice is there to be read out; all is agreed to with one key",
            trigger: ".o_discom_kyc_notice:contains(बिजली)",
        },
        {
            trigger: ".o_discom_kyc_consents:focus",
            run: "press 0",
        },
        {
            trigger: ".o_discom_kyc_consents:focus:has(#discom_kyc_bills:checked)",
            run: "press 3 && press Enter",
        },
        {
            content: "a wrong code",
            trigger: "#discom_kyc_code:focus",
            run: "edit 111111",
        },
        {
            trigger: ".alert-danger:contains(not the code)",
        },
        {
            content: "the right one, in Devanagari",
            trigger: "#discom_kyc_code:focus",
            run: "edit १२३४५६",
        },
        {
            trigger: ".alert-success:contains(verified)",
        },
        {
            content: "one of several with the same name, chosen by its place",
            trigger: "#discom_kyc_search:focus",
            run: "edit Savitri && press Enter",
        },
        {
            trigger: ".o_discom_kyc_row:focus:contains(7788990012)",
            run: "press 2",
        },
        {
            content: "Escape leads back",
            trigger: "#discom_kyc_number:focus",
            run: "press Escape",
        },
        {
            trigger: "#discom_kyc_search:focus",
            run: "edit nobody at all && press Enter",
        },
        {
            trigger: ".alert-warning:contains(Nobody found)",
        },
        {
            trigger: ".o_discom_kyc_taken:contains(1)",
        },
        {
            trigger: ".o_discom_kyc_proved:contains(1)",
        },
    ],
});
