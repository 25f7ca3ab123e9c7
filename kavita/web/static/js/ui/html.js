// @ts-check
/** Preact in templates: html`<b>${text}</b>`; whatever is put in is text, never markup. */

import { h } from "../../vendor/preact.js";
import htm from "../../vendor/htm.js";
import "../../vendor/signals.js";

export const html = htm.bind(h);

/** Several class names, without those that are false. @param {...(string | false | undefined | null)} names */
export const classes = (...names) => names.filter(Boolean).join(" ");
