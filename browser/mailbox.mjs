// The mailbox, with scripts: the receipt is turned into keys here and sent nowhere; what comes is sealed and opened
// here; a message is sealed here. Where anything fails the page says so, and the other way is a button of its own.

import { able } from "./able.mjs";
import { decode, encode, hex, random, unbase64 } from "./bytes.mjs";
import * as envelope from "./envelope.mjs";
import { fileDoor, forgetFiles } from "./file_door.mjs";
import { leaving, shown, template } from "./page.mjs";
import { check, typed, worth } from "./receipt.mjs";
import { keyPair } from "./sealing.mjs";

const PATIENCE = 60_000;
const LIMIT = 4000;
const TRIES = 4;
const form = document.querySelector("form[data-mailbox]");

let keys = null; // { digits, token, seed, pair }
let box = null; // what the server has handed out
let screen;
let pending = null; // { text, messageId, body, minute }: sent again until the server has answered
let ticket = "";
let ahead = 0; // milliseconds by which the server's clock is ahead of this one
let working = false;

async function begin() {
  const place = form.querySelector("[data-sealing]");
  if (!(await able())) return place.replaceChildren(template("mailbox-unable"));
  place.replaceChildren(template("mailbox-here"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(open);
  });
  leaving({ at_stake: () => Boolean(written()), forget });
}

function forget() {
  form.reset();
  form.elements.receipt.value = "";
  screen?.replaceChildren();
  forgetFiles();
  keys = box = pending = null;
}

const area = () => screen?.querySelector("textarea");
const written = () => area()?.value.trim() ?? "";

// One deed at a time; whatever breaks in it is said, and nothing is sent another way.
async function busy(deed) {
  if (working) return;
  working = true;
  trouble();
  try {
    await deed();
  } catch {
    trouble(screen ? "mailbox-not-sealed" : "mailbox-failed");
  } finally {
    says();
    working = false;
  }
}

const here = () => screen ?? form;

function says(what = "") {
  const line = here().querySelector("[data-working]");
  line.textContent = what && line.dataset[what];
}

function trouble(name = "", seconds = 0) {
  const place = here().querySelector("[data-trouble]");
  place.replaceChildren(...(name ? [template(name)] : []));
  for (const one of place.querySelectorAll("[data-seconds]")) one.textContent = seconds;
  place.querySelector("[data-other-way]")?.addEventListener("click", other_way);
  const field = screen ? area() : form.elements.receipt;
  field.removeAttribute("aria-invalid");
  if (!name) return;
  if (place.querySelector("[data-wrong]")) field.setAttribute("aria-invalid", "true");
  field.focus();
}

function other_way() {
  leaving.now = true;
  form.submit();
}

async function sent(address, body) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const headers = { "Content-Type": "application/octet-stream", "X-Ticket": ticket };
    const answer = await fetch(address, { method: "POST", body, headers, signal: stop.signal, cache: "no-store" });
    const there = Date.parse(answer.headers.get("Date") ?? "");
    if (there) ahead = there - Date.now();
    if (!(answer.headers.get("Content-Type") ?? "").includes("json")) return { why: "busy" };
    const said = await answer.json();
    ticket = said.ticket ?? "";
    return said;
  } catch {
    return { why: "lost" };
  } finally {
    clearTimeout(timer);
  }
}

const refused = (said) => trouble(`mailbox-${said.why}`, said.seconds);

// --- opening -----------------------------------------------------------------------------------------------------

async function open() {
  const digits = typed(form.elements.receipt.value);
  const wrong = check(digits);
  if (wrong !== "ok") return trouble(`mailbox-${wrong}`);
  says("opening");
  const { token, seed } = await worth(digits, form.dataset.installation);
  keys = { digits, token, seed, pair: await keyPair(seed) };
  const said = await fetched();
  if (said.why) return refused(said);
  await show();
}

async function fetched() {
  const said = await sent(form.dataset.mailbox, envelope.asked(keys.token));
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

// The mailbox as it is now.
async function show({ arrived = false } = {}) {
  const letters = await Promise.all(
    box.letters.map((one, at) => attempted(() => envelope.openLetter(one, keys.pair, box.case, at))),
  );
  const counts = await attempted(() => envelope.openCounts(box.openings, keys.pair, box.case));
  if (!screen) {
    screen = document.createElement("div");
    screen.className = "flow";
    form.after(screen);
    form.hidden = true;
    document.querySelector("main h1").remove();
    for (const one of document.querySelectorAll("[data-door]")) one.remove();
  }
  screen.replaceChildren(template("mailbox"));
  screen.querySelector("[data-arrived]").hidden = !arrived;
  const [label, next] = box.state;
  screen.querySelector("[data-state]").textContent = `${label}.`;
  screen.querySelector("[data-next]").textContent = next;
  messages(letters);
  openings(counts);
  const back = screen.querySelector("form[data-reply]");
  back.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(reply);
  });
  fileDoor(screen.querySelector("[data-file-door]"), keys);
  shown(screen.querySelector("h1"));
}

function messages(letters) {
  const list = screen.querySelector(".letters");
  const [theirs, mine] = [...list.children];
  list.replaceChildren();
  for (const letter of letters) {
    if (!letter) continue;
    const row = (letter.who === "reporter" ? mine : theirs).cloneNode(true);
    const day = row.querySelector("header .soft");
    day.textContent = dated(String(letter.day));
    row.querySelector(".said").textContent = letter.text;
    list.append(row);
  }
  list.hidden = !list.children.length;
  screen.querySelector("[data-empty]").hidden = Boolean(list.children.length);
  screen.querySelector("[data-damaged]").hidden = letters.every(Boolean);
}

function dated(iso) {
  const [year, month, day] = iso.split("-");
  if (document.documentElement.lang === "vi") return `${day}/${month}/${year}`;
  const at = new Date(Date.UTC(year, month - 1, day));
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

function openings(counts) {
  const total = counts && counts.handler + counts.custodian;
  screen.querySelector("[data-unread]").hidden = counts !== null;
  screen.querySelector("[data-unopened]").hidden = total !== 0;
  for (const row of screen.querySelectorAll("[data-role]")) {
    row.hidden = !counts?.[row.dataset.role];
    row.querySelector("b").textContent = counts?.[row.dataset.role] ?? "";
  }
}

// --- writing -----------------------------------------------------------------------------------------------------

// By way of bytes, so that half a character becomes one that can be shown.
const plain = (text) => decode(encode(text.replace(/\r\n?/g, "\n").normalize("NFC")));

async function reply() {
  const text = plain(written());
  if (!text) return trouble("mailbox-nothing");
  if ([...text].length > LIMIT) return trouble("mailbox-too-long");
  // Other words are another message, unless the fate of the first is unknown: then its id finds out.
  pending ??= { text, messageId: hex(random(16)), body: null };
  area().readOnly = true;
  for (let tries = 0; tries < TRIES; tries += 1) {
    says("sealing");
    const why = (pending.body ??= await sealed());
    if (typeof why === "string") return unsent(why);
    says("sending");
    const said = await sent(form.dataset.sealed, pending.body);
    if (said.kept) return arrived();
    if (said.why === "lost" || said.why === "busy" || said.why === "wait") return refused(said);
    if (said.why !== "moved") return unsent(said.why === "unknown" ? "unknown" : "damaged");
    // Somebody wrote or the list of readers changed meanwhile: look again, and seal again under the same id.
    const again = await fetched();
    if (again.why) return refused(again);
    pending.body = null;
  }
  return trouble("mailbox-busy");
}

function unsent(why) {
  pending = null;
  area().readOnly = false;
  trouble(`mailbox-${why}`);
}

// The bytes to send, or the word for why there are none.
async function sealed() {
  const at = box.writing;
  const kept = await attempted(() => envelope.openStrikeouts(box.strikeouts, keys.pair, box.case));
  const seats = at?.versions[kept?.roster - 1];
  if (!seats || !Array.isArray(kept.struck)) return "damaged";
  const publics = seats.map((id) => (at.keys[id] && !kept.struck.includes(id) ? unbase64(at.keys[id]) : null));
  if (!publics.some(Boolean)) return "nobody";
  const { messageId, text } = pending;
  const how = { text, minute: minute(), caseId: box.case, seed: keys.seed, version: kept.roster, publics, at };
  try {
    const parts = await envelope.sealMessage(how);
    return envelope.packedMessage({ token: keys.token, messageId, version: kept.roster, at, parts });
  } catch (error) {
    if (error instanceof envelope.TooLarge) return "too-long";
    pending = null;
    area().readOnly = false;
    throw error;
  }
}

// The minute in Viet Nam by the server's clock: that of a phone may be off by a day.
const minute = () => `${new Date(Date.now() + ahead + 7 * 3_600_000).toISOString().slice(0, 16)}+07:00`;

async function arrived() {
  pending = null;
  area().value = "";
  area().readOnly = false;
  const said = await fetched();
  if (said.why) return trouble("mailbox-arrived");
  await show({ arrived: true });
}

if (form) begin();
