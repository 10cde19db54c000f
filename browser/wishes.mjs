// What stands between a reporter and the handlers, worked out from opened letters alone: intake/mailbox/wishes.py in short.

const DAYS = 14;

const written = (ms) => new Date(ms).toISOString().slice(0, 10);

// A day is written as 2026-11-24; so is the last on which a wish of that day can be taken back.
export const lastDay = (day) => written(Date.parse(day) + DAYS * 86_400_000);
export const dayOf = (days) => written(days * 86_400_000);

// { asked, until, over } of the wish to withdraw that stands; null where there is none.
export function withdrawal(letters, today) {
  let asked = null;
  for (const { who, what, day } of letters) {
    if (who === "reporter" && !(asked && day > lastDay(asked))) asked = what === "withdraw" ? day : null;
  }
  if (!asked) return null;
  const until = lastDay(asked);
  const answered = letters.some(({ who, day }) => who !== "reporter" && day > until);
  return { asked, until, over: today > until && !answered };
}

// Short answers offered since the reporter last wrote: those of the latest letter that has any.
export function toTap(letters) {
  for (const { who, choices } of [...letters].reverse()) {
    if (who === "reporter") return [];
    const offered = Array.isArray(choices) ? choices.filter((one) => typeof one === "string" && one.trim()) : [];
    if (offered.length) return offered.slice(0, 5);
  }
  return [];
}

// The name under which the page keeps the sentence for a wish: saidOtherHandler for other_handler.
export const named = (what = "message") => `said${String(what).replace(/(?:^|_)(.)/g, (_, letter) => letter.toUpperCase())}`;
