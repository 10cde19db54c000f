// Seals with npm's packages for Python to open, and opens what Python sealed. Run by `npm run vectors`.

import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import * as js from "./seal.mjs";

const { hex, unhex, context } = js;
const utf8 = new TextEncoder();
const require = createRequire(import.meta.url);
const lock = require("./package-lock.json").packages;
const versions = Object.fromEntries(
  Object.entries(lock).filter(([path]) => path && !path.includes("esbuild")).map(([path, at]) => [path.replace("node_modules/", ""), at.version]),
);
const madeWith = { node: process.versions.node, ...versions };
const numbered = (start) => Uint8Array.from({ length: 32 }, (_, n) => (start + n) % 256);
const save = (name, value) => writeFile(new URL(name, import.meta.url), JSON.stringify(value, null, 1) + "\n");

// --- what JavaScript seals -----------------------------------------------------------------------

const contexts = [
  ["thư", 1, 'a"b\\n'], [], [""], ["story", 0, "Đặng Thị Hoà", "\u0000\u001f\u007f\u2028 \n\t/"], [9007199254740991, -7], ["😀"],
];
const keyPairs = [];
for (const start of [0, 1, 200]) {
  const seed = numbered(start);
  keyPairs.push({ seed: hex(seed), public: hex(await js.publicRaw(await js.keyPair(seed))) });
}
const person = await js.keyPair(numbered(0));
const hpke = [];
for (const [words, parts] of [["", ["empty"]], ["Chào bạn, Đặng Thị Hoà 😀", ["letter", 3]], ["x".repeat(5000), ["long"]]]) {
  const sealed = await js.sealTo(utf8.encode(words), await js.publicRaw(person), context(...parts));
  hpke.push({ seed: hex(numbered(0)), context: parts, words, sealed: hex(sealed) });
}
const shared = [];
for (const [words, parts] of [["", ["empty"]], ["Chào bạn", ["flags", 0]]]) {
  const sealed = await js.sealShared(utf8.encode(words), numbered(7), context(...parts));
  shared.push({ key: hex(numbered(7)), context: parts, words, sealed: hex(sealed) });
}
const derived = [];
for (const label of [["mailbox"], ["side"], ["half", "identity", "3"], ["compartment", "story", "4"], ["thư"], []]) {
  derived.push({ key: hex(numbered(7)), label, made: hex(await js.derive(numbered(7), ...label)) });
}
const joined = { first: hex(numbered(1)), second: hex(numbered(2)), label: ["compartment", "identity", "3"] };
joined.made = hex(await js.join(numbered(1), numbered(2), ...joined.label));
const padded = [[0, 16], [11, 16], [12, 16], [13, 16], [40, 32]].map(([length, size]) => {
  const data = numbered(1).slice(0, length);
  return { data: hex(data), size, padded: hex(js.pad(data, size)) };
});
const receipts = [];
for (const [random22, installation] of [["0123456789012345678901", "a".repeat(32)], ["9".repeat(22), "0f".repeat(16)], ["0".repeat(22), "trung tâm"]]) {
  const receipt = random22 + js.checkDigits(random22);
  const found = await js.mailbox(receipt, installation);
  receipts.push({ receipt, installation, token: hex(found.token), seed: hex(found.seed), token_hash: found.tokenHash });
}

const names = { a: "handler", b: "handler", c: "handler", x: "custodian", y: "custodian", z: "custodian" };
const members = [];
for (const [n, [id, role]] of Object.entries(names).entries()) {
  const seed = numbered(10 + n);
  members.push({ id, role, seed: hex(seed), seal_public: hex(await js.publicRaw(await js.keyPair(seed))) });
}
const cards = numbered(99);
const roster = { version: 3, members, recovery_seed: hex(cards), recovery_public: hex(await js.publicRaw(await js.keyPair(cards))) };
const caseId = "5e".repeat(16);
const reporterSeed = numbered(50);
const struck = ["b"];
const words = {
  flags: { danger_now: "no" }, tally: { consent_stats: true }, safe_contact: {},
  identity: { reporter_name: "Đặng Thị Hoà" }, story: { narrative: "Chuyện xảy ra ở khoa…" },
};
const sealed = await js.sealCase({ words, caseId, roster, struck, reporterSeed });
const publics = members.filter((one) => one.role === "handler").map((one) => (struck.includes(one.id) ? null : unhex(one.seal_public)));
const later = await js.writeLater({
  payload: utf8.encode("Tôi nhớ thêm một điều."), caseId, sequence: 5, head: sealed.head,
  publics, cards: unhex(roster.recovery_public), reporterSeed,
});
await save("from-js.json", {
  made_with: madeWith, contexts: contexts.map((parts) => ({ parts, bytes: hex(context(...parts)) })),
  key_pairs: keyPairs, hpke, shared, derived, joined, padded, receipts,
  case: {
    id: caseId, roster, struck, words, reporter_seed: hex(reporterSeed),
    slots: { S: hex(sealed.slots.S), C: hex(sealed.slots.C) },
    compartments: sealed.compartments.map(([kind, sequence, blob]) => [kind, sequence, hex(blob)]),
    strikeouts: hex(sealed.strikeouts),
    later: { words: "Tôi nhớ thêm một điều.", slots: hex(later.slots), blob: hex(later.blob) },
  },
});

// --- what Python sealed --------------------------------------------------------------------------

const python = JSON.parse(await readFile(new URL("from-python.json", import.meta.url), "utf8"));
const opened = { made_with: madeWith, hpke: [], shared: [], refused: 0 };
const text = (bytes) => new TextDecoder().decode(bytes);
for (const one of python.hpke) {
  const pair = await js.keyPair(unhex(one.seed));
  opened.hpke.push(text(await js.unsealFrom(unhex(one.sealed), pair, context(...one.context))));
  const elsewhere = js.unsealFrom(unhex(one.sealed), pair, context(...one.context, "elsewhere"));
  opened.refused += await elsewhere.then(() => 0, () => 1);
}
for (const one of python.shared) {
  opened.shared.push(text(await js.unsealShared(unhex(one.sealed), unhex(one.key), context(...one.context))));
  const elsewhere = js.unsealShared(unhex(one.sealed), unhex(one.key), context(...one.context, "elsewhere"));
  opened.refused += await elsewhere.then(() => 0, () => 1);
}

// A whole case: from a slot to the side's keys, from there to each part, each under the head before it.
const { case: one } = python;
const wrapBytes = 32 + 1 + 1120 + 16;
async function openSlot(side, index, seed) {
  const slots = unhex(one.slots[side]);
  const at = 33 + wrapBytes * index;
  const place = context(2, "wrap", one.id, side);
  const held = await js.unsealFrom(slots.slice(at, at + wrapBytes), await js.keyPair(unhex(seed)), place);
  const promised = async (key) => hex(await js.derive(key, "commitment")) === hex(slots.slice(1, 33));
  const lower = await js.derive(held, "side");
  if (side === "S" && (await promised(lower))) return { S: lower, names: held };
  if (!(await promised(held))) throw new Error("commitment");
  return { [side]: held };
}
async function openPart(wanted, keys) {
  let head = await js.sha256(context(1, "case", one.id));
  for (const [kind, sequence, sides, blob] of one.compartments) {
    if (kind === wanted) {
      const place = js.boundTo(one.id, kind, sequence, sides, "reporter", head);
      const framed = js.unpad(await js.unsealShared(unhex(blob), await js.compartmentKey(sides, keys, kind, sequence), place));
      return JSON.parse(text(framed.slice(1 + 4 + 64)));
    }
    head = await js.link(head, unhex(blob));
  }
}
const handler = await openSlot("S", one.handler.slot, one.handler.seed);
const custodian = await openSlot("C", one.custodian.slot, one.custodian.seed);
const recovered = await openSlot("S", one.cards.slot, one.cards.seed);
opened.case = {
  story: (await openPart("story", handler)).words,
  identity: await openPart("identity", { ...handler, ...custodian }),
  tally: await openPart("tally", custodian),
  story_by_cards: (await openPart("story", recovered)).words,
  cards_hold_the_key_of_names: "names" in recovered,
};
for (const guess of [recovered.S, custodian.C]) {
  const names = openPart("identity", { ...recovered, ...custodian, names: guess });
  opened.refused += await names.then(() => 0, () => 1);
}
await save("opened-by-js.json", opened);
