// What describes a file, sealed: the two entries of intake/files/keeping.py, and the bodies of intake/files/bodies.py.

import { base64, concat, unbase64, unhex } from "./bytes.mjs";
import { boundTo, fitted, freshKey, json } from "./envelope.mjs";
import { context, derive, join, keyPair, mac, publicOf, seal, sealTo, sha256 } from "./sealing.mjs";

const ENTRY = 16384;
const LETTER = 16384;
const BODY = 1;
const COPIES = ["clean", "original"];

const number = (value) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

// one: { fileId, kind, minute, sha256, name, original, clean (or null), cleanKind, sentence }; streams of file_stream.mjs.
// readers: { version, handlers, custodians }: the public key of each seat, null where nobody is to open it.
export async function sealedWords(one, { caseId, seed, readers, at }) {
  const S = await freshKey(caseId, "S", readers.handlers, unbase64(at.recovery));
  const C = await freshKey(caseId, "C", readers.custodians);
  const proof = await derive(seed, "proof");
  const told = { file: one.fileId, kind: one.kind, at: one.minute, sha256: one.sha256 };
  const { bytes, chunks } = one.original;
  const clean = one.clean && { ...opens(one.clean), kind: one.cleanKind };
  const half = (part) => derive(C.key, "half", "entry", String(part));
  const label = (part) => ["compartment", "entry", String(part)];

  const entry = async (part, sides, head, words) => {
    const place = boundTo(caseId, "entry", part, sides, head);
    const payload = json(words);
    const key = sides === "S" ? await derive(S.key, ...label(part)) : await join(S.names, await half(part), ...label(part));
    const evidence = await mac(proof, concat(place, payload));
    return seal(fitted(concat(new Uint8Array(1 + 4), evidence, payload), ENTRY), key, place);
  };

  const head = unhex(at.head);
  const first = await entry(at.part, "S", head, { what: "file", ...told, bytes, chunks, clean });
  const next = await sha256(concat(head, await sha256(first)));
  const whole = { what: "original", name: one.name, ...told, ...opens(one.original) };
  const second = await entry(at.part + 1, "SC", next, whole);
  const line = fitted(json({ who: "reporter", day: one.minute.slice(0, 10), text: one.sentence }), LETTER);
  const reporter = await publicOf(await keyPair(seed));
  const letter = await sealTo(line, reporter, context(1, "letter", caseId, at.letter));
  return concat(S.slots, C.slots, first, second, letter);
}

const opens = ({ raw, bytes, chunks }) => ({ key: base64(raw), bytes, chunks });

export const asked = (token) => concat([BODY], token);

export const begun = ({ token, fileId, clean, original }) =>
  concat([BODY], token, unhex(fileId), number(clean?.chunks ?? 0), number(original.chunks));

export const piece = ({ token, fileId, copy, at, sealed }) =>
  concat([BODY], token, unhex(fileId), [COPIES.indexOf(copy)], number(at), sealed);

export const whole = ({ token, fileId, version, at, words }) =>
  concat([BODY], token, unhex(fileId), unhex(at.fingerprint), ...[version, at.part, at.letter].map(number), words);
