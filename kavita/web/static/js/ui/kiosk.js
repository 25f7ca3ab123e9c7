// @ts-check
/** A desk's page belongs to nobody: some time after a call it forgets the caller by itself. */

import { useEffect, useState } from "../../vendor/hooks.js";
import { leave } from "../call.js";
import { desk } from "../desk.js";
import { forgettingIn, phase } from "../store.js";
import { html } from "./html.js";

const FORGET_SECONDS = 120;
const WARN_SECONDS = 20;

/** Counts down after a call; returns what begins the count anew. */
function useForgetting() {
  const [kept, keep] = useState(0);
  const over = Boolean(desk) && phase.value === "ended";
  useEffect(() => {
    if (!over) return undefined;
    let left = FORGET_SECONDS;
    const timer = setInterval(() => {
      left -= 1;
      if (left <= WARN_SECONDS) forgettingIn.value = left;
      if (left <= 0) leave();
    }, 1000);
    return () => {
      clearInterval(timer);
      forgettingIn.value = null;
    };
  }, [over, kept]);
  return () => keep(kept + 1);
}

/** The warning before that, with a way to stay. */
export function Forgetting() {
  const keep = useForgetting();
  const left = forgettingIn.value;
  if (left === null) return null;
  return html`
    <p class="forgetting" role="status">
      This page forgets you in ${left} s.
      <button type="button" class="plain strong" onClick=${keep}>Keep</button>
    </p>`;
}
