// The mailbox, with scripts: the receipt is turned into keys here and sent nowhere; what comes is sealed and opened
// here; what is written, tapped or asked for is sealed here. Where anything fails the page says so, and the other way
// is a button of its own. What was typed stays on the page until the server has said that it arrived.

import { able } from "./able.mjs";
import { hex, random, unbase64 } from "./bytes.mjs";
import * as envelope from "./envelope.mjs";
import { fileDoor, forgetFiles } from "./file_door.mjs";
import { leaving, shown, template } from "./page.mjs";
import { check, typed, worth } from "./receipt.mjs";
import { nfc } from "./rules.mjs";
import { keyPair } from "./sealing.mjs";
import * as wishes from "./wishes.mjs";

const PATIENCE = 60_000;
const LIMIT = 4000;
const TRIES = 4;
const STEP = 40;
const form = document.querySelector("form[data-mailbox]");

let keys = null; // { digits, token, seed, pair }
let box = null; // what the server has handed out
let screen; // holds the view, and panels on which something is asked for
let view;
let panels = {};
let pending = null; // { place, what, text, messageId, body }: sent again until the server has answered
let ticket = "";
let wanted = 0; // how many of the newest letters, where older ones were asked for
let ahead = 0; // milliseconds by which the server's clock is ahead of this one
let working = false;
const done = new Map(); // where something was asked for that has arrived: a second press only looks again

async function begin() {
  const place = form.querySelector("[data-sealing]");
  if (!(await able())) return place.replaceChildren(template("mailbox-unable"));
  place.replaceChildren(template("mailbox-here"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(form, open);
  });
  leaving({ at_stake: () => Boolean(pending) || areas().some((area) => area.value.trim()), forget });
}

function forget() {
  form.reset();
  form.elements.receipt.value = "";
  screen?.replaceChildren();
  forgetFiles();
  keys = box = pending = view = null;
  panels = {};
}

const areas = () => [...(screen?.querySelectorAll("form[data-deed] textarea") ?? [])];

// One deed at a time; whatever breaks in it is said at its place, and nothing is sent another way.
async function busy(place, deed) {
  if (working) return;
  working = true;
  trouble(place);
  try {
    await deed(place);
  } catch {
    trouble(place, place === form ? "mailbox-failed" : "mailbox-not-sealed");
  } finally {
    says(place);
    working = false;
  }
}

function says(place, what = "") {
  const line = place.querySelector("[data-working]");
  line.textContent = what && line.dataset[what];
}

function trouble(place, name = "", seconds = 0) {
  const there = place.querySelector("[data-trouble]");
  there.replaceChildren(...(name ? [template(name)] : []));
  for (const one of there.querySelectorAll("[data-seconds]")) one.textContent = seconds;
  there.querySelector("[data-other-way]")?.addEventListener("click", () => other_way(place));
  const fields = place.querySelectorAll("textarea, input:not([type=hidden])");
  for (const one of fields) one.removeAttribute("aria-invalid");
  if (!name) return;
  if (there.querySelector("[data-wrong]")) for (const one of fields) one.setAttribute("aria-invalid", "true");
  (fields[0]?.disabled ? place.querySelector("button") : (fields[0] ?? place.querySelector("button"))).focus();
}

// Before the mailbox is open nothing but the receipt is at stake. Afterwards this page stays: what was written goes
// the other way beside it, under the same id, and is cleared only when the server has taken it.
function other_way(place) {
  if (place === form) {
    leaving.now = true;
    return form.submit();
  }
  return busy(place, in_clear);
}

async function in_clear(place) {
  if (!taken_up(place)) return;
  says(place, "sending");
  const { messageId, text } = pending;
  const fields = { receipt: keys.digits, message_id: messageId, message: text, choice: text, ticket };
  const answer = await asked(place.dataset.other, new URLSearchParams(fields), {});
  if (answer?.ok) return arrived();
  if (answer?.status === 429 && answer.wait > 60) return slowed(place, Math.ceil(answer.wait / 60));
  if (!answer || answer.status === 429 || answer.status >= 502) return trouble(place, answer ? "mailbox-busy" : "mailbox-lost");
  return unsent("damaged");
}

// The answer of the server, or null where the line broke and nobody knows whether anything arrived.
async function asked(address, body, headers) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const answer = await fetch(address, { method: "POST", body, headers, signal: stop.signal, cache: "no-store" });
    const there = Date.parse(answer.headers.get("Date") ?? "");
    if (there) ahead = there - Date.now();
    const text = await answer.text();
    const { ok, status, headers: said } = answer;
    return { ok, status, kind: said.get("Content-Type") ?? "", wait: Number(said.get("Retry-After")), text };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

async function sent(address, body) {
  const answer = await asked(address, body, { "Content-Type": "application/octet-stream", "X-Ticket": ticket });
  if (!answer) return { why: "lost" };
  if (!answer.kind.includes("json")) return { why: "busy" };
  try {
    const said = JSON.parse(answer.text);
    ticket = said.ticket ?? "";
    return said;
  } catch {
    return { why: "busy" };
  }
}

const refused = (place, said) => trouble(place, `mailbox-${said.why}`, said.seconds);

// --- opening -----------------------------------------------------------------------------------------------------

async function open() {
  const digits = typed(form.elements.receipt.value);
  const wrong = check(digits);
  if (wrong !== "ok") return trouble(form, `mailbox-${wrong}`);
  says(form, "opening");
  const { token, seed } = await worth(digits, form.dataset.installation);
  keys = { digits, token, seed, pair: await keyPair(seed) };
  const said = await fetched();
  if (said.why) return refused(form, said);
  await show();
}

async function fetched() {
  const said = await sent(form.dataset.mailbox, envelope.asked(keys.token, wanted));
  if (!said.why) box = said;
  return said;
}

async function attempted(deed) {
  try {
    return await deed();
  } catch {
    return null;
  }
}

// The mailbox as it is now. What stands in a box and was not sent is carried over.
async function show(arrived = "") {
  const letters = await Promise.all(
    box.letters.map((one, at) => attempted(() => envelope.openLetter(one, keys.pair, box.case, box.older + at))),
  );
  const counts = await attempted(() => envelope.openCounts(box.openings, keys.pair, box.case));
  if (!screen) {
    screen = document.createElement("div");
    form.after(screen);
    form.hidden = true;
    document.querySelector("main h1").remove();
    for (const one of document.querySelectorAll("[data-door]")) one.remove();
  }
  const typing = view?.querySelector("textarea").value ?? "";
  view = document.createElement("div");
  view.className = "flow";
  view.append(template("mailbox"));
  view.querySelector("textarea").value = typing;
  screen.replaceChildren(view, ...Object.values(panels));
  for (const panel of Object.values(panels)) panel.hidden = true;
  const told = letters.filter(Boolean);
  standing(told, counts, arrived);
  messages(told);
  older();
  view.querySelector("[data-damaged]").hidden = letters.every(Boolean);
  const nobody = (await seated())?.publics.every((one) => !one) ?? false;
  view.querySelector("[data-nobody]").hidden = !nobody;
  if (nobody) view.querySelector("[data-state]").parentElement.hidden = true;
  openings(counts);
  for (const one of view.querySelectorAll("form[data-deed]")) watched(one);
  for (const one of view.querySelectorAll("[data-wish]")) one.form.addEventListener("submit", (event) => wish(event, one));
  fileDoor(view.querySelector("[data-file-door]"), keys);
  shown(view.querySelector("h1"));
}

function watched(place) {
  place.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(place, deliver);
  });
}

// Where the letter stands: in words, whether it was withdrawn, what can be tapped, and until when it is kept.
function standing(letters, counts, arrived) {
  const [label, next, state] = box.state;
  view.querySelector("[data-state]").textContent = `${label}.`;
  view.querySelector("[data-next]").textContent = next;
  const asked = wishes.withdrawal(letters, today());
  for (const one of view.querySelectorAll("[data-sent]")) one.hidden = one.dataset.sent !== arrived;
  view.querySelector("[data-withdrawn]").hidden = !asked || asked.over;
  view.querySelector("[data-over]").hidden = !asked?.over;
  for (const one of view.querySelectorAll("[data-living]")) one.hidden = Boolean(asked?.over);
  view.querySelector("[data-wishes]").hidden = Boolean(asked);
  if (asked) view.querySelector("[data-asked]").textContent = dated(asked.asked);
  const closed = state === "closed" && counts?.kept > 0;
  const kept = asked ? "withdrawn" : closed ? "closed" : "open";
  for (const one of view.querySelectorAll("[data-kept]")) one.hidden = one.dataset.kept !== kept;
  const until = asked ? asked.until : closed ? wishes.dayOf(counts.kept) : "";
  if (until) for (const one of view.querySelectorAll("[data-day]")) one.textContent = dated(until);
  choices(asked?.over ? [] : wishes.toTap(letters));
}

function choices(offered) {
  const place = view.querySelector("form[data-tap]");
  place.hidden = !offered.length;
  const [first] = place.querySelectorAll(".pick");
  const picks = offered.map((words, at) => {
    const pick = first.cloneNode(true);
    const field = pick.querySelector("input");
    field.value = words;
    field.id = `choice-${at}`;
    pick.querySelector("span").textContent = words;
    return pick;
  });
  first.replaceWith(...picks);
  view.querySelector("form[data-needed] button").classList.toggle("btn--plain", offered.length > 0);
}

// Letters before those that were handed out, fetched when they are asked for.
function older() {
  const place = view.querySelector("[data-older]");
  place.hidden = !box.older;
  const ask = async () => {
    says(place, "opening");
    const before = wanted;
    wanted = box.letters.length + STEP;
    const said = await fetched();
    if (!said.why) return show();
    wanted = before;
    return refused(place, said);
  };
  place.querySelector("button").addEventListener("click", () => busy(place, ask));
}

function messages(letters) {
  const place = view.querySelector("[data-messages]");
  const list = place.querySelector(".letters");
  const [theirs, mine] = [...list.children];
  list.replaceChildren();
  for (const letter of letters) {
    const row = (letter.who === "reporter" ? mine : theirs).cloneNode(true);
    row.querySelector("header .soft").textContent = dated(String(letter.day));
    const said = place.dataset[wishes.named(letter.what)];
    row.querySelector(".said").textContent = [said, letter.text].filter(Boolean).join("\n\n");
    list.append(row);
  }
  list.hidden = !list.children.length;
  view.querySelector("[data-empty]").hidden = Boolean(list.children.length);
}

function dated(iso) {
  const [year, month, day] = iso.split("-");
  if (document.documentElement.lang === "vi") return `${day}/${month}/${year}`;
  const at = new Date(Date.UTC(year, month - 1, day));
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

function openings(counts) {
  const total = counts && counts.handler + counts.custodian;
  view.querySelector("[data-unread]").hidden = counts !== null;
  view.querySelector("[data-unopened]").hidden = total !== 0;
  for (const row of view.querySelectorAll("[data-role]")) {
    row.hidden = !counts?.[row.dataset.role];
    row.querySelector("b").textContent = counts?.[row.dataset.role] ?? "";
  }
}

// --- asking ------------------------------------------------------------------------------------------------------

// A page of its own over the mailbox: what will happen, before it is asked for. What stands in the mailbox stays.
function wish(event, button) {
  event.preventDefault();
  const name = button.dataset.wish;
  panels[name] ??= panel(name);
  const there = panels[name];
  if (!there.isConnected) screen.append(there);
  view.hidden = true;
  there.hidden = false;
  shown(there.querySelector("h1"));
}

function panel(name) {
  const made = document.createElement("div");
  made.className = "flow";
  made.append(template(`mailbox-${name}`));
  for (const one of made.querySelectorAll("[data-day]")) one.textContent = dated(wishes.lastDay(today()));
  made.querySelector("[data-back]").addEventListener("click", () => {
    made.hidden = true;
    view.hidden = false;
    view.querySelector(`[data-wish="${name}"]`).focus();
  });
  watched(made.querySelector("form"));
  return made;
}

// --- writing -----------------------------------------------------------------------------------------------------

function begun(place) {
  const field = place.querySelector("textarea") ?? place.querySelector("input:checked");
  return { place, what: place.dataset.deed, text: nfc(field?.value ?? "").trim(), messageId: hex(random(16)), body: null };
}

// Whether there is something to send. Other words are another message, unless the fate of the first is unknown: then
// its id finds out.
function taken_up(place) {
  const wanted = pending ?? begun(place);
  const wrong =
    wanted.place !== place ? "first"
    : !wanted.text && "tap" in place.dataset ? "choose"
    : !wanted.text && "needed" in place.dataset ? "nothing"
    : [...wanted.text].length > LIMIT ? "too-long"
    : "";
  if (wrong) trouble(place, `mailbox-${wrong}`);
  else pending = wanted;
  if (!wrong) fixed(place, true);
  return !wrong;
}

async function deliver(place) {
  if (done.has(place)) return shown_again(place);
  if (!taken_up(place)) return;
  for (let tries = 0; tries < TRIES; tries += 1) {
    says(place, "sealing");
    const why = (pending.body ??= await sealed());
    if (typeof why === "string") return unsent(why);
    says(place, "sending");
    const said = await sent(form.dataset.sealed, pending.body);
    if (said.kept) return arrived();
    if (said.why === "pace") return slowed(place, said.minutes);
    if (said.why === "lost" || said.why === "busy" || said.why === "wait") return refused(place, said);
    if (said.why !== "moved") return unsent(said.why === "unknown" ? "unknown" : "damaged");
    // Somebody wrote or the list of readers changed meanwhile: look again, and seal again under the same id.
    const again = await fetched();
    if (again.why) return refused(place, again);
    pending.body = null;
  }
  return trouble(place, "mailbox-busy");
}

// While nobody knows whether it arrived, it cannot become something else.
function fixed(place, held) {
  for (const one of place.querySelectorAll("textarea")) one.readOnly = held;
  for (const one of place.querySelectorAll("input[type=radio]")) one.disabled = held;
}

function unsent(why) {
  const { place } = pending;
  pending = null;
  fixed(place, false);
  trouble(place, `mailbox-${why}`);
}

// Many messages came in a short time. Nothing was kept, so the words can still be changed until it is time.
function slowed(place, minutes) {
  unsent("pace");
  for (const one of place.querySelectorAll("[data-minutes]")) one.textContent = minutes;
}

// Who reads what is written now: a public key for each seat, null for one that stays empty; null where nobody can know.
async function seated() {
  const at = box.writing;
  const kept = await attempted(() => envelope.openStrikeouts(box.strikeouts, keys.pair, box.case));
  const seats = at?.versions[kept?.roster - 1];
  if (!seats || !Array.isArray(kept.struck)) return null;
  const publics = seats.map((id) => (at.keys[id] && !kept.struck.includes(id) ? unbase64(at.keys[id]) : null));
  return { kept, publics };
}

// The bytes to send, or the word for why there are none.
async function sealed() {
  const found = await seated();
  if (!found) return "damaged";
  const { kept, publics } = found;
  if (!publics.some(Boolean)) return "nobody";
  const at = box.writing;
  const { messageId, what, text } = pending;
  const how = { what, text, minute: minute(), caseId: box.case, seed: keys.seed, version: kept.roster, publics, at };
  try {
    const parts = await envelope.sealMessage(how);
    return envelope.packedMessage({ token: keys.token, messageId, version: kept.roster, at, parts });
  } catch (error) {
    if (error instanceof envelope.TooLarge) return "too-long";
    fixed(pending.place, false);
    pending = null; // nothing of it was sent, or what was sent was not kept
    throw error;
  }
}

// The minute in Viet Nam by the server's clock: that of a phone may be off by a day.
const minute = () => `${new Date(Date.now() + ahead + 7 * 3_600_000).toISOString().slice(0, 16)}+07:00`;
const today = () => minute().slice(0, 10);

async function arrived() {
  const { place } = pending;
  if (!("needed" in place.dataset)) done.set(place, pending.what);
  const { what } = pending;
  pending = null;
  fixed(place, false);
  for (const one of place.querySelectorAll("textarea")) one.value = "";
  for (const [name, panel] of Object.entries(panels)) if (panel.contains(place)) delete panels[name];
  await shown_again(place, what);
}

async function shown_again(place, what = done.get(place)) {
  const said = await fetched();
  if (said.why) return trouble(place, "mailbox-arrived");
  await show(what);
}

if (form) begin();
