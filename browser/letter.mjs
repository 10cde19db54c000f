// The page of a letter, with scripts: one question at a time, everything once more, sealed here, and the receipt.
//
// Nothing is said about sealing before it was tried (able.mjs). Nothing is kept anywhere but in this page's memory:
// no draft, no storage, no history. Where anything fails the page says so, and the other way is a button of its own.

import { able } from "./able.mjs";
import "./brings.mjs";
import { hex, random } from "./bytes.mjs";
import { packed, sealCase } from "./envelope.mjs";
import { fileDoor, filesGoOn, forgetFiles } from "./file_door.mjs";
import { leaving, shown, template } from "./page.mjs";
import { Questions } from "./questions.mjs";
import { check, draw, groups, typed, worth } from "./receipt.mjs";
import * as rules from "./rules.mjs";

const PATIENCE = 60_000;
const form = document.querySelector("form[data-letter]");
const main = document.querySelector("main");

let blank;
let ahead = 0; // milliseconds by which the server's clock is ahead of this one
let questions;
let screen; // whatever stands in place of the questions: answers once more, receipt, goodbye
let sealed = null; // { receipt, body, keys }: sent again as it is until the server has answered
let receipt = "";

// Apps with a browser of their own see what is opened in it.
const inside_an_app = /zalo|fban|fbav|instagram/i.test(navigator.userAgent);

async function begin() {
  document.querySelector("[data-inside-an-app]").hidden = !inside_an_app;
  try {
    blank = await fetched(form.dataset.letter);
    if (!(await able())) throw new Error("unable");
  } catch {
    form.querySelector("[data-sealing]").append(template("unable"));
    return;
  }
  form.querySelector("[data-sealing]").replaceChildren(template("sealed-here"));
  screen = document.createElement("div");
  screen.className = "flow";
  screen.hidden = true;
  form.after(screen);
  questions = new Questions({ form, blank, finished: once_more });
  leaving({ at_stake: () => (form.isConnected ? questions.touched : Boolean(receipt)), forget });
  for (const what of ["error", "unhandledrejection"]) addEventListener(what, broken);
}

const fetched = (address) =>
  patiently(address, { cache: "no-store" }, async (answer) => {
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.why);
    const there = Date.parse(answer.headers.get("Date") ?? "");
    if (there) ahead = there - Date.now();
    return found;
  });

async function patiently(address, how, read) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    return await read(await fetch(address, { ...how, signal: stop.signal }));
  } finally {
    clearTimeout(timer);
  }
}

function forget() {
  form.reset();
  for (const field of form.querySelectorAll("textarea, input[type=text]")) field.value = "";
  screen.replaceChildren();
  forgetFiles();
  sealed = null;
  receipt = "";
}

// --- everything once more --------------------------------------------------------------------------------------

function once_more() {
  const { answers } = questions.read();
  turn(true);
  screen.replaceChildren(template("check"));
  const left = readers(answers, "handler");
  const notices = screen.querySelector("[data-notices]");
  for (const [name, code] of rules.steps(blank, answers)) notices.append(template(`step-${name}-${code}`));
  if (questions.chose("outside")) notices.append(template("outside"));
  if (left.length === 1) notices.append(template("one-reader"));
  for (const role of ["handler", "custodian"]) {
    if (!readers(answers, role).length) notices.append(template(`nobody-${role}`));
  }
  rows("[data-given]", questions.told(true));
  rows("[data-skipped]", questions.told(false));
  const names = left.map((one) => `${one.name} (${one.title})`).join(", ");
  screen.querySelector("[data-readers]").textContent = names ? `${names}.` : "–";
  screen.querySelector("[data-back]").addEventListener("click", () => change(questions.last()));
  const button = screen.querySelector("[data-send]");
  button.hidden = !left.length || !readers(answers, "custodian").length;
  button.addEventListener("click", send);
  shown(screen.querySelector("h1"));
}

// Either the questions or the screen; each has one heading of its own.
function turn(to_screen) {
  form.hidden = to_screen;
  screen.hidden = !to_screen;
  screen.replaceChildren();
  main.querySelector("h1").hidden = to_screen;
}

function readers(answers, role) {
  const struck = rules.struckOut(blank, answers);
  return blank.roster.members.filter((one) => one.role === role && !struck.includes(one.id));
}

function rows(where, told) {
  const place = screen.querySelector(where);
  place.hidden = !told.length;
  const list = place.querySelector("dl");
  const pattern = list.firstElementChild;
  list.replaceChildren();
  for (const { name, question, answer } of told) {
    const row = pattern.cloneNode(true);
    row.querySelector("dt").textContent = question;
    if (typeof answer === "string") row.querySelector(".said").textContent = answer;
    if (Array.isArray(answer)) row.querySelector("dd").replaceChildren(listed(answer));
    const button = row.querySelector("button");
    button.type = "button";
    button.querySelector(".sr").textContent = `: ${question}`;
    button.addEventListener("click", () => change(name));
    list.append(row);
  }
}

function listed(words) {
  const list = document.createElement("ul");
  for (const word of words) list.append(Object.assign(document.createElement("li"), { textContent: word }));
  return list;
}

function change(name) {
  if (sealed) return; // it may have arrived already; whatever is added now belongs into the mailbox
  if (working) return; // on a slow line the keys are still on their way: what was shown is what is sealed
  turn(false);
  questions.go(name);
}

// --- sealing and sending ---------------------------------------------------------------------------------------

let working = false;

async function send() {
  if (working) return;
  working = true;
  trouble();
  says("sealing");
  try {
    if (!sealed) {
      const roster = await fetched(form.dataset.keys).catch((wrong) => void unreachable(wrong));
      if (!roster) return;
      if (roster.fingerprint !== blank.roster.fingerprint) return reseated(); // never to people who were not shown
      sealed = await seal(roster);
    }
  } catch {
    sealed = null;
    return trouble("failed");
  } finally {
    working = false;
  }
  working = true;
  says("sending");
  const said = await sent(sealed.body);
  working = false;
  says();
  await answered(said);
}

// roster: the one that was shown, with its public keys. They weigh most of what this page needs, and whoever only reads
// it needs none of them, so they come now.
async function seal(roster) {
  const { answers } = questions.read();
  const drawn = draw();
  const caseId = hex(random(16));
  const { token, seed, mailbox } = await worth(drawn, blank.installation);
  const struck = rules.struckOut(blank, answers);
  const words = rules.split(blank, answers, minute());
  const parts = await sealCase({ words, caseId, roster, struck, seed });
  const urgent = rules.urgent(blank, answers);
  const body = packed({ caseId, mailbox, fingerprint: roster.fingerprint, urgent, parts });
  return { receipt: drawn, body, keys: { digits: drawn, token, seed } };
}

// The minute in Viet Nam by the server's clock: that of a phone may be off by a day.
const minute = () => `${new Date(Date.now() + ahead + 7 * 3_600_000).toISOString().slice(0, 16)}+07:00`;

async function sent(body) {
  const how = { method: "POST", body, headers: { "Content-Type": "application/octet-stream" } };
  try {
    return await patiently(form.dataset.sealed, how, (answer) => {
      if ((answer.headers.get("Content-Type") ?? "").includes("json")) return answer.json();
      return { why: answer.status < 500 ? "refused" : "busy" };
    });
  } catch {
    return { why: "lost" };
  }
}

async function answered(said) {
  if (said.come_back) return arrived(said.come_back);
  if (said.why === "lost" || said.why === "busy") {
    for (const button of screen.querySelectorAll("dl button, [data-back]")) button.hidden = true;
    return trouble(said.why);
  }
  sealed = null; // the server has said that it kept nothing
  if (said.why === "taken") return send();
  if (said.why === "roster") return reseated();
  return trouble(said.why === "closed" ? "closed" : "failed");
}

async function reseated() {
  const before = blank.roster.members;
  try {
    blank = await fetched(form.dataset.letter);
  } catch (wrong) {
    return unreachable(wrong);
  }
  const now = blank.roster.members;
  const notice = template("roster");
  named(notice.querySelector("[data-came]"), now, before);
  named(notice.querySelector("[data-left]"), before, now);
  turn(false);
  questions.seat(blank);
  questions.go(questions.rosterField, notice);
}

// Nothing was sent yet, so everything may still be changed.
const unreachable = (wrong) => trouble(wrong.message === "closed" ? "closed" : "unreachable");

// Who is among these and not among those; the sentence goes where that is nobody.
function named(place, these, those) {
  const only = these.filter((one) => !those.some((other) => other.id === one.id && other.role === one.role));
  if (!only.length) return place.remove();
  place.querySelector("b").textContent = `${only.map((one) => `${one.name} (${one.title})`).join(", ")}.`;
}

function says(what = "") {
  const line = screen.querySelector("[data-working]");
  if (line) line.textContent = what && line.dataset[what];
}

function trouble(name = "") {
  says();
  const place = screen.querySelector("[data-trouble]");
  place.replaceChildren(...(name ? [template(name)] : []));
  place.querySelector("[data-other-way]")?.addEventListener("click", other_way);
}

// The other way, by its own button: the form goes to the server as it would without a script.
function other_way() {
  leaving.now = true;
  form.submit();
}

// Something in this script broke. What was written is still in the form, and can still be sent.
function broken() {
  if (!form.isConnected || leaving.now) return;
  turn(true);
  working = false;
  const back = () => change(questions.last());
  screen.replaceChildren(template("check"));
  for (const part of screen.querySelectorAll("[data-given], [data-skipped]")) part.remove();
  screen.querySelector("[data-send]").addEventListener("click", send);
  screen.querySelector("[data-back]").addEventListener("click", back);
  trouble(sealed ? "lost" : "failed"); // what is sealed may be on its way: only the very same may be sent again
}

// --- the receipt -----------------------------------------------------------------------------------------------

function arrived(day) {
  receipt = sealed.receipt;
  const { keys } = sealed;
  const steps = rules.steps(blank, questions.read().answers);
  sealed = null;
  form.reset();
  form.remove();
  screen.replaceChildren(template("receipt"));
  for (const [name, code] of steps) screen.querySelector("[data-notices]").append(template(`step-${name}-${code}`));
  const output = screen.querySelector("output");
  for (const group of groups(receipt)) {
    output.append(Object.assign(document.createElement("span"), { textContent: group }), " ");
  }
  for (const place of screen.querySelectorAll("[data-day]")) place.textContent = day;
  offer_paper_and_copy();
  fileDoor(screen.querySelector("[data-file-door]"), keys);
  ask_back(day);
  shown(screen.querySelector("h1"));
}

function offer_paper_and_copy() {
  const print = screen.querySelector("[data-print]");
  print.hidden = false;
  print.addEventListener("click", () => window.print());
  if (!navigator.clipboard) return;
  for (const part of screen.querySelectorAll("[data-copy]")) part.hidden = false;
  const copy = screen.querySelector("button[data-copy]");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(groups(receipt).join(" "));
      copy.textContent = copy.dataset.done;
    } catch {
      copy.hidden = true; // the browser does not allow it here; paper does
    }
  });
}

function ask_back(day) {
  const asked = random(1)[0] % 6;
  const back = screen.querySelector("[data-typed-back]");
  const field = back.querySelector("input");
  back.querySelector(".about p").textContent = template(`group-${asked}`).textContent;
  back.addEventListener("submit", (event) => {
    event.preventDefault();
    const found = typed(field.value);
    if (found === groups(receipt)[asked] || (check(found) === "ok" && found === receipt)) return goodbye(day);
    questions.wrong(field, template("wrong-group").textContent);
    field.focus();
  });
}

function goodbye(day) {
  receipt = "";
  screen.replaceChildren(template("goodbye"));
  filesGoOn(screen);
  for (const place of screen.querySelectorAll("[data-day]")) place.textContent = day;
  shown(screen.querySelector("h1"));
}

// --- the page of the other way for files: sealing here is offered again where this browser can -------------------

async function seal_again(place) {
  if (!place.firstElementChild || !(await able())) return;
  const digits = typed(place.dataset.receipt);
  const { token, seed } = await worth(digits, place.dataset.installation);
  const other = document.querySelector("[data-sealed-on-arrival]"); // one way on the screen at a time
  fileDoor(place.firstElementChild, { digits, token, seed }, () => other.remove());
  place.hidden = false;
}

const box = document.querySelector("form[data-mailbox]");
const other_way_page = document.querySelector("[data-seal-again]");

if (form) begin();
if (box) import(box.dataset.script);
if (other_way_page) seal_again(other_way_page).catch(() => {}); // then the page stays as it is
