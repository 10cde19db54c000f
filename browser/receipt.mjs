// The receipt of intake/seal/receipt.py: drawn, checked and turned into keys here, and sent nowhere.

import { scryptAsync } from "@noble/hashes/scrypt.js";
import { encode, hex, random } from "./bytes.mjs";
import { derive, sha256 } from "./sealing.mjs";

const DIGITS = 24;
const RANDOM = 22;

// 250 of the 256 values of a byte give every digit 25 times; the other six are drawn again.
function digits(count) {
  let found = "";
  while (found.length < count) {
    for (const byte of random(count)) if (byte < 250 && found.length < count) found += byte % 10;
  }
  return found;
}

// ISO 7064 MOD 97-10, as in an IBAN, taken a few digits at a time.
const modulo97 = (text) => text.match(/.{1,7}/g).reduce((rest, part) => Number(rest + part) % 97, "");

export function draw() {
  const drawn = digits(RANDOM);
  return drawn + String(98 - modulo97(drawn + "00")).padStart(2, "0");
}

export const groups = (receipt) => receipt.match(/.{4}/g);

// Which digits somebody typed; null where anything but digits and separators stands.
export function typed(text) {
  const plain = text.normalize("NFKC");
  return /[^\d\p{Z}\p{P}\p{C}\p{M}]/u.test(plain) ? null : plain.replace(/\D/g, "");
}

// "ok", or what is wrong with it: "signs", "empty", "short", "long", "mistyped".
export function check(found) {
  if (found === null) return "signs";
  if (!found) return "empty";
  if (found.length !== DIGITS) return found.length < DIGITS ? "short" : "long";
  return modulo97(found) === 1 ? "ok" : "mistyped";
}

// What a receipt is worth: the token that finds the mailbox, and the seed of the reporter's key pair.
export async function worth(receipt, installation) {
  const root = await scryptAsync(encode(receipt), encode(installation), { N: 2 ** 13, r: 8, p: 1, dkLen: 32 });
  const token = await derive(root, "mailbox");
  return { token, seed: await derive(root, "seed"), mailbox: hex(await sha256(token)) };
}
