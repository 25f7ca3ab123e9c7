// @ts-check
/** Dates, times and names as a person reads them. The server's dates are ISO, "2026-02-12". */

const LONG = { weekday: "long", month: "long", day: "numeric" };
const SHORT = { weekday: "short", month: "short", day: "numeric" };

/** @param {string} iso @param {object} options @returns {string} the text itself if it is no date */
function format(iso, options) {
  const date = new Date(`${iso}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return String(iso ?? "");
  return new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" }).format(date);
}

/** "Thursday, February 12" @param {string} iso */
export const longDate = (iso) => format(iso, LONG);

/** "Thu, Feb 12" @param {string} iso */
export const shortDate = (iso) => format(iso, SHORT);

/** "Feb" and "12", for the little calendar leaf @param {string} iso */
export const monthAndDay = (iso) => [format(iso, { month: "short" }), format(iso, { day: "numeric" })];

/** "9:00 AM" for "09:00 AM" @param {string} time */
export const shortTime = (time) => String(time ?? "").replace(/^0/, "");

/** Minutes after midnight of "09:30 AM", to sort and to group by. @param {string} time */
export function minutes(time) {
  const [, hours, rest, half] = /^(\d{1,2}):(\d{2}) ([AP]M)$/.exec(time) ?? ["", "0", "0", "AM"];
  return ((Number(hours) % 12) + (half === "PM" ? 12 : 0)) * 60 + Number(rest);
}

/** "AO" for "Archit Ojha" @param {string} name */
export function initials(name) {
  const words = String(name ?? "").trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => word?.[0] ?? "").join("");
}

/** "2 minutes 5 seconds" @param {number} seconds */
export function duration(seconds) {
  const parts = [
    [Math.floor(seconds / 60), "minute"],
    [Math.round(seconds % 60), "second"],
  ].filter(([count], at) => count || (at && seconds < 60));
  return parts.map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`).join(" ");
}

/** "1 free time", "17 free times" @param {number} count @param {string} noun */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
