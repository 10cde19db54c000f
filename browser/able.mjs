// Whether this browser can seal a letter, found out by doing it: nothing is promised on the page before.

import { scryptAsync } from "@noble/hashes/scrypt.js";
import { decode, encode, hex, random } from "./bytes.mjs";
import { context, derive, keyPair, publicOf, seal, sealTo, unseal, unsealFrom } from "./sealing.mjs";

const WORDS = "Chào bạn, thử niêm phong.";
// RFC 7914, the first of its examples: an implementation that is wrong here is wrong everywhere.
const SCRYPT = "77d6576238657b20";

export async function able() {
  try {
    if (!isSecureContext || !crypto?.subtle) return false;
    const place = context(1, "able", 1);
    const pair = await keyPair(random(32));
    const key = await derive(await unsealFrom(await sealTo(random(32), await publicOf(pair), place), pair, place), "able");
    const opened = decode(await unseal(await seal(encode(WORDS), key, place), key, place));
    const root = await scryptAsync(encode(""), encode(""), { N: 16, r: 1, p: 1, dkLen: 8 });
    return opened === WORDS && hex(root) === SCRYPT;
  } catch {
    return false;
  }
}
