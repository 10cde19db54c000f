// The sealing format in JavaScript, written from the description in core/sealing.py, intake/seal/receipt.py,
// intake/seal/slots.py and intake/seal/compartments.py and from npm's packages alone: a second opinion on the bytes.

import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { scryptAsync } from "@noble/hashes/scrypt.js";

const subtle = globalThis.crypto.subtle;
const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const utf8 = new TextEncoder();
const FORMAT = 1;
const ENC = 1120;
const NONCE = 12;

export const random = (count) => crypto.getRandomValues(new Uint8Array(count));
export const context = (...parts) => utf8.encode(JSON.stringify(parts));
export const concat = (...parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return all;
};
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
export const sha256 = async (bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes));

// --- core/sealing.py ---

// Always .slice(): a view into a longer buffer breaks the package; deriveKeyPair would hash the seed first.
export const keyPair = (seed) => new XWing().generateKeyPairDerand(seed.slice());
export const publicRaw = async (pair) => new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey));

export async function sealTo(plaintext, publicKey, info) {
  const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey.slice());
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: info.slice() }, plaintext.slice());
  return concat([FORMAT], new Uint8Array(enc), new Uint8Array(ct));
}

export async function unsealFrom(sealed, pair, info) {
  if (sealed[0] !== FORMAT) throw new Error("format");
  const enc = sealed.slice(1, 1 + ENC);
  const opened = await suite.open({ recipientKey: pair.privateKey, enc, info: info.slice() }, sealed.slice(1 + ENC));
  return new Uint8Array(opened);
}

const aes = (raw, use) => subtle.importKey("raw", raw.slice(), "AES-GCM", false, [use]);

export async function sealShared(plaintext, raw, additionalData, iv = random(NONCE)) {
  const key = await aes(raw, "encrypt");
  const sealed = await subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, plaintext);
  return concat([FORMAT], iv, new Uint8Array(sealed));
}

export async function unsealShared(sealed, raw, additionalData) {
  if (sealed[0] !== FORMAT) throw new Error("format");
  const iv = sealed.slice(1, 1 + NONCE);
  const key = await aes(raw, "decrypt");
  return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, sealed.slice(1 + NONCE)));
}

export async function derive(raw, ...label) {
  const key = await subtle.importKey("raw", raw.slice(), "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: context(...label) };
  return new Uint8Array(await subtle.deriveBits(how, key, 256));
}

export const join = (first, second, ...label) => derive(concat(first, second), ...label);

export function pad(data, size) {
  const padded = new Uint8Array(Math.ceil((4 + data.length) / size) * size);
  new DataView(padded.buffer).setUint32(0, data.length);
  padded.set(data, 4);
  return padded;
}

export function unpad(padded) {
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  return padded.slice(4, 4 + length);
}

// --- intake/seal/receipt.py ---

export function checkDigits(random22) {
  return String(98n - ((BigInt(random22) * 100n) % 97n)).padStart(2, "0");
}

export async function mailbox(receipt, installation) {
  const how = { N: 2 ** 13, r: 8, p: 1, dkLen: 32 };
  const root = await scryptAsync(utf8.encode(receipt), utf8.encode(installation), how);
  const token = await derive(root, "mailbox");
  return { token, seed: await derive(root, "seed"), tokenHash: hex(await sha256(token)) };
}

// --- intake/seal/slots.py and intake/seal/compartments.py ---

const FIRST = { flags: "S", tally: "C", safe_contact: "S", identity: "SC", story: "S" };
const SIZES = { flags: 2048, tally: 1024, safe_contact: 2048, identity: 8192, story: 24576, entry: 16384 };

// With the cards' public key this is the handlers' side: people's slots hold the upper key, that of the cards
// the lower one. Without it, the custodians': one key.
async function freshKey(caseId, side, publics, cards = null) {
  const held = random(32);
  const key = cards ? await derive(held, "side") : held;
  const place = context(2, "wrap", caseId, side);
  const wraps = [];
  for (const publicKey of publics) {
    // null: a person who was struck out. The wrap goes to a key that nobody keeps, and holds nothing.
    const target = publicKey ?? (await publicRaw(await keyPair(random(32))));
    wraps.push(await sealTo(publicKey ? held : random(32), target, place));
  }
  if (cards) wraps.push(await sealTo(key, cards, place));
  return { key, names: cards ? held : null, slots: concat([2], await derive(key, "commitment"), ...wraps) };
}

export const link = async (head, blob) => sha256(concat(head, await sha256(blob)));
export const boundTo = (caseId, kind, sequence, sides, author, head) =>
  context(1, "compartment", caseId, kind, sequence, sides, author, hex(head));

export async function compartmentKey(sides, keys, kind, sequence) {
  const label = ["compartment", kind, String(sequence)];
  if (sides !== "SC") return derive(keys[sides], ...label);
  return join(keys.names, await derive(keys.C, "half", kind, String(sequence)), ...label);
}

export async function sealCase({ words, caseId, roster, struck, reporterSeed }) {
  const publics = (role) => roster.members.filter((one) => one.role === role)
    .map((one) => (struck.includes(one.id) ? null : unhex(one.seal_public)));
  const handlers = await freshKey(caseId, "S", publics("handler"), unhex(roster.recovery_public));
  const custodians = await freshKey(caseId, "C", publics("custodian"));
  const keys = { S: handlers.key, names: handlers.names, C: custodians.key };
  const reporter = await publicRaw(await keyPair(reporterSeed));
  const strikeouts = { roster: roster.version, struck: [...struck].sort() };
  const story = {
    words: words.story,
    reporter: base64(reporter),
    proof: base64(await derive(reporterSeed, "proof")),
    strikeouts,
  };
  const compartments = [];
  let head = await sha256(context(1, "case", caseId));
  for (const [sequence, [kind, sides]] of Object.entries(FIRST).entries()) {
    const payload = utf8.encode(JSON.stringify(kind === "story" ? story : words[kind]));
    const framed = pad(concat(new Uint8Array(1 + 4 + 64), payload), SIZES[kind]);
    const place = boundTo(caseId, kind, sequence, sides, "reporter", head);
    const blob = await sealShared(framed, await compartmentKey(sides, keys, kind, sequence), place);
    compartments.push([kind, sequence, blob]);
    head = await link(head, blob);
  }
  const kept = pad(utf8.encode(JSON.stringify(strikeouts)), 4096);
  return {
    slots: { S: handlers.slots, C: custodians.slots },
    compartments,
    strikeouts: await sealTo(kept, reporter, context(1, "strikeouts", caseId)),
    head,
  };
}

export async function writeLater({ payload, caseId, sequence, head, publics, cards, reporterSeed }) {
  const fresh = await freshKey(caseId, "S", publics, cards);
  const place = boundTo(caseId, "entry", sequence, "S", "reporter", head);
  const hash = { name: "HMAC", hash: "SHA-512" };
  const proof = await subtle.importKey("raw", await derive(reporterSeed, "proof"), hash, false, ["sign"]);
  const evidence = new Uint8Array(await subtle.sign("HMAC", proof, concat(place, payload)));
  const framed = pad(concat(new Uint8Array(1 + 4), evidence, payload), SIZES.entry);
  const key = await compartmentKey("S", { S: fresh.key }, "entry", sequence);
  return { slots: fresh.slots, blob: await sealShared(framed, key, place) };
}
