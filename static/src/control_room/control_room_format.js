import { _t } from "@web/core/l10n/translation";

// India writes lakhs and crores in every language that is spoken there.
const NUMBER = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 0 });
const SHARE = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 1 });
const ROUGH = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 2 });
const EXACT = new Intl.NumberFormat("en-IN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const LAKH = 1e5;
const CRORE = 1e7;

/** 1,23,456 */
export function number(value) {
    return NUMBER.format(value);
}

/** 45.3% */
export function share(value) {
    return `${SHARE.format(value)}%`;
}

/** ₹12.34 crore, ₹5.6 lakh, ₹98,765: short enough to be read from across the room. */
export function rupees(value) {
    const size = Math.abs(value);
    if (size >= CRORE) {
        return _t("₹%s crore", ROUGH.format(value / CRORE));
    }
    if (size >= LAKH) {
        return _t("₹%s lakh", ROUGH.format(value / LAKH));
    }
    return `₹${NUMBER.format(value)}`;
}

/** ₹1,23,456.50 */
export function exactRupees(value) {
    return `₹${EXACT.format(value)}`;
}
