// @ts-check
/** What was said: one bubble a turn, with the tool cards between them where there is no other place. */

import { useEffect, useLayoutEffect, useRef, useState } from "../../vendor/hooks.js";
import { audible, cards, hello, turns } from "../store.js";
import { ToolCard } from "./cards.js";
import { classes, html } from "./html.js";

/** Pixels from the end within which the log still follows what is new. */
const NEAR_END = 48;

const CLOCK = new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit" });

/** @param {{turn: import("../store.js").Turn}} props */
function Bubble({ turn }) {
  const who = turn.who === "user" ? "You" : (hello.value?.agent_name ?? "Kavita");
  const cut = turn.pieces.at(-1)?.cut;
  const text = turn.pieces.map((piece) => piece.text).filter(Boolean).join(" ");
  return html`
    <article class=${classes("bubble", turn.who, turn.pending && "pending", turn.partial && "partial")}
      data-turn=${turn.turnId} aria-hidden=${turn.partial && "true"}>
      <p class="by"><span class="who">${who}</span> <time>${CLOCK.format(turn.at)}</time></p>
      <p class="text">${text}${(cut || turn.partial) && "…"}</p>
      ${cut && html`<p class="note">interrupted</p>`}
    </article>`;
}

/** Follows the end of the log, unless the reader has scrolled up. */
function useFollow(log, length) {
  const [behind, setBehind] = useState(false);
  const following = useRef(true);
  const toEnd = () => log.current?.scrollTo({ top: log.current.scrollHeight });
  useEffect(() => {
    const { current } = log;
    const onScroll = () => {
      following.current = current.scrollHeight - current.scrollTop - current.clientHeight < NEAR_END;
      if (following.current) setBehind(false);
    };
    const grown = new ResizeObserver(() => following.current && toEnd());
    grown.observe(current);
    current.addEventListener("scroll", onScroll);
    return () => {
      grown.disconnect();
      current.removeEventListener("scroll", onScroll);
    };
  }, []);
  useLayoutEffect(() => {
    if (following.current) toEnd();
    else setBehind(true);
  }, [length]);
  return { behind, toEnd };
}

/** @param {{withCards: boolean}} props */
export function Transcript({ withCards }) {
  const log = useRef(null);
  const shownCards = withCards ? cards.value : [];
  const items = [...turns.value, ...shownCards].sort((a, b) => a.id - b.id);
  const size = items.length + turns.value.reduce((sum, turn) => sum + turn.pieces.length, 0);
  const { behind, toEnd } = useFollow(log, size);
  return html`
    <div class="log-frame">
      <div ref=${log} class="log" role="log" tabindex="0" aria-label="What was said"
        aria-live=${audible.value ? "off" : "polite"}>
        ${items.map((item) =>
          "who" in item
            ? html`<${Bubble} key=${item.id} turn=${item} />`
            : html`<div key=${item.id} class="inline-card"><${ToolCard} card=${item} /></div>`,
        )}
      </div>
      ${behind && html`<button type="button" class="newer" onClick=${toEnd}>New messages ↓</button>`}
    </div>`;
}
