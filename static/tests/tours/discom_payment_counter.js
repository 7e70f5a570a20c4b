import { registry } from "@web/core/registry";

// A payment by cheque at the counter, with the keyboard alone: nothing here clicks.
registry.category("web_tour.tours").add("discom_payment_counter", {
    steps: () => [
        {
            content: "any number finds the consumer, here that of the meter",
            trigger: "#discom_payment_search:focus",
            run: "edit MTR778899 && press Enter",
        },
        {
            content: "the dues stand there by month",
            trigger: ".o_discom_payment_dues:contains(500.00)",
        },
        {
            content: "the amount due is proposed; another is typed",
            trigger: "#discom_payment_amount:focus",
            run: "edit ten && press Enter",
        },
        {
            content: "what is no amount is refused in place",
            trigger: ".alert-danger:contains(“ten” is not an amount)",
        },
        {
            trigger: "#discom_payment_amount:focus",
            run: "edit 510",
        },
        {
            content: "a cheque is chosen by its key, and asks for its number",
            trigger: ".o_discom_payment_means",
            run() {
                this.anchor.dispatchEvent(new KeyboardEvent("keydown", { key: "2", bubbles: true }));
            },
        },
        {
            trigger: "#discom_payment_number:focus",
            run: "edit 004711 && press Enter",
        },
        {
            content: "more than is due is confirmed first",
            trigger: ".alert-warning:contains(10.00 more than is due)",
        },
        {
            trigger: "button[data-focus=confirm]:focus",
            run: "press Enter",
        },
        {
            content: "the receipt's number and what is left",
            trigger: ".o_discom_payment_receipt:contains(R)",
        },
        {
            trigger: ".alert-success:contains(Advance in the account):contains(10.00)",
        },
        {
            content: "Escape goes on to the next",
            trigger: "button[data-focus=print]:focus",
            run: "press Escape",
        },
        {
            trigger: "#discom_payment_search:focus",
        },
        {
            trigger: ".o_discom_payment_sum:contains(510.00)",
        },
    ],
});
