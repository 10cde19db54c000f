// A letter as one sealed case: intake/seal/envelope.py, slots.py, compartments.py, letters.py and openings.py in short.

import { base64, concat, decode, encode, hex, pad, random, unbase64, unhex, unpad } from "./bytes.mjs";
import { context, derive, join, keyPair, mac, publicOf, seal, sealTo, sha256, unsealFrom } from "./sealing.mjs";

const FIRST = { flags: "S", tally: "C", safe_contact: "S", identity: "SC", story: "S" };
const SIZES = { flags: 2048, tally: 1024, safe_contact: 2048, identity: 8192, story: 24576, entry: 16384 };
const STRIKEOUTS = 4096;
const CELL = 128;

export class TooLarge extends Error {}

export const json = (value) => encode(JSON.stringify(value));

// Everything of one kind has one size; what does not fit must never show by being longer.
export function fitted(payload, size) {
  const padded = pad(payload, size);
  if (padded.length !== size) throw new TooLarge();
  return padded;
}

// One side's fresh key in the slots of its people. `cards`: the public key of the recovery cards, on the handlers'
// side alone; people's slots then hold the upper key, that of the cards the lower one.
export async function freshKey(caseId, side, publics, cards) {
  const held = random(32);
  const key = cards ? await derive(held, "side") : held;
  const place = context(2, "wrap", caseId, side);
  const wraps = [];
  for (const open of publics) {
    // null: somebody who was struck out. The wrap goes to a key that nobody keeps, and holds nothing.
    const target = open ?? (await publicOf(await keyPair(random(32))));
    wraps.push(await sealTo(open ? held : random(32), target, place));
  }
  if (cards) wraps.push(await sealTo(key, cards, place));
  return { key, names: held, slots: concat([2], await derive(key, "commitment"), ...wraps) };
}

function publicsOf(roster, role, struck) {
  const people = roster.members.filter((one) => one.role === role);
  return people.map((one) => (struck.includes(one.id) ? null : unbase64(one.key)));
}

async function keyOf(kind, sequence, keys) {
  const label = ["compartment", kind, String(sequence)];
  if (FIRST[kind] !== "SC") return derive(keys[FIRST[kind] ?? "S"], ...label);
  return join(keys.names, await derive(keys.C, "half", kind, String(sequence)), ...label);
}

export const boundTo = (caseId, kind, sequence, sides, head) =>
  context(1, "compartment", caseId, kind, sequence, sides, "reporter", hex(head));

// Who of these people was struck out, as places: intake/seal/guards.py and intake/seal/readers.py say what for.
function places(roster, people, struck) {
  const ids = people.map((one) => one.id);
  return { roster: roster.version, struck: [...ids.keys()].filter((place) => struck.includes(ids[place])) };
}

// words: one object for each kind in FIRST. Returns every sealed part in the order in which the body carries them.
export async function sealCase({ words, caseId, roster, struck, seed }) {
  const handlers = publicsOf(roster, "handler", struck);
  const S = await freshKey(caseId, "S", handlers, unbase64(roster.recovery));
  const C = await freshKey(caseId, "C", publicsOf(roster, "custodian", struck));
  const keys = { S: S.key, names: S.names, C: C.key };
  const reporter = await publicOf(await keyPair(seed));
  const strikeouts = { roster: roster.version, struck: [...struck].sort() };
  const proof = base64(await derive(seed, "proof"));
  const custodians = roster.members.filter((one) => one.role === "custodian");
  const contents = {
    ...words,
    flags: { ...words.flags, readers: places(roster, roster.members, struck) },
    tally: { ...words.tally, guards: places(roster, custodians, struck) },
    story: { words: words.story, reporter: base64(reporter), proof, strikeouts },
  };
  const compartments = [];
  let head = await sha256(context(1, "case", caseId));
  for (const [sequence, [kind, sides]] of Object.entries(FIRST).entries()) {
    // No author's id, no roster version, no signature: a first sending proves nothing about who wrote it.
    const framed = concat(new Uint8Array(1 + 4 + 64), json(contents[kind]));
    const place = boundTo(caseId, kind, sequence, sides, head);
    const blob = await seal(fitted(framed, SIZES[kind]), await keyOf(kind, sequence, keys), place);
    compartments.push(blob);
    head = await sha256(concat(head, await sha256(blob)));
  }
  const counts = fitted(json({ handler: 0, custodian: 0 }), CELL);
  return [
    S.slots,
    C.slots,
    ...compartments,
    await sealTo(fitted(json(strikeouts), STRIKEOUTS), reporter, context(1, "strikeouts", caseId)),
    await seal(counts, await derive(S.key, "openings"), context("openings handlers", caseId)),
    await sealTo(counts, reporter, context("openings reporter", caseId)),
  ];
}

const BODY = 1;

// What is sent: intake/writing/sealed.py says how it is laid out.
export function packed({ caseId, mailbox, fingerprint, urgent, parts }) {
  return concat([BODY], unhex(caseId), unhex(mailbox), unhex(fingerprint), [urgent ? 1 : 0], ...parts);
}

// --- the mailbox -------------------------------------------------------------------------------------------------

const LETTER = 16384;

// What was sealed to the reporter; throws where it was changed or belongs elsewhere.
const opened = async (sealed, pair, place) => JSON.parse(decode(unpad(await unsealFrom(unbase64(sealed), pair, place))));
export const openLetter = (sealed, pair, caseId, sequence) => opened(sealed, pair, context(1, "letter", caseId, sequence));
export const openStrikeouts = (sealed, pair, caseId) => opened(sealed, pair, context(1, "strikeouts", caseId));
export const openCounts = (sealed, pair, caseId) => opened(sealed, pair, context("openings reporter", caseId));

// A later message: for those who may read the case, under a fresh key in the slots of its roster, and a copy for the
// reporter. at: { part, head, letter, recovery }; publics: one for each handler of that roster, null where struck out.
export async function sealMessage({ what, text, minute, caseId, seed, publics, at }) {
  const S = await freshKey(caseId, "S", publics, unbase64(at.recovery));
  const place = boundTo(caseId, "entry", at.part, "S", unhex(at.head));
  const payload = json({ what, at: minute, text });
  const evidence = await mac(await derive(seed, "proof"), concat(place, payload));
  const framed = concat(new Uint8Array(1 + 4), evidence, payload);
  const entry = await seal(fitted(framed, SIZES.entry), await keyOf("entry", at.part, { S: S.key }), place);
  const kind = what === "message" ? {} : { what };
  const copy = fitted(json({ who: "reporter", day: minute.slice(0, 10), text, ...kind }), LETTER);
  const reporter = await publicOf(await keyPair(seed));
  return [S.slots, entry, await sealTo(copy, reporter, context(1, "letter", caseId, at.letter))];
}

const number = (value) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

// What is sent: intake/mailbox/sealed_mailbox.py says how it is laid out.
// count: of the newest letters; 0 for as many as the server hands out by itself.
export const asked = (token, count = 0) => concat([BODY], token, count ? number(count) : []);
export const packedMessage = ({ token, messageId, version, at, parts }) =>
  concat([BODY], token, unhex(messageId), unhex(at.fingerprint), ...[version, at.part, at.letter].map(number), ...parts);
