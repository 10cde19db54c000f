// The two verbs of core/sealing.py, byte for byte: HPKE with X-Wing for a person, AES-256-GCM under a shared key.

import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { concat, encode, random } from "./bytes.mjs";

const FORMAT = 1;
const ENC = 1120;
const NONCE = 12;
const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

export const context = (...parts) => encode(JSON.stringify(parts));
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

// Always .slice(): a view into a longer buffer breaks the package. Never deriveKeyPair, which hashes the seed first.
export const keyPair = (seed) => new XWing().generateKeyPairDerand(seed.slice());
export const publicOf = async (pair) => new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey));

export async function sealTo(plaintext, publicKey, info) {
  const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey.slice());
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: info.slice() }, plaintext.slice());
  return concat([FORMAT], new Uint8Array(enc), new Uint8Array(ct));
}

export async function unsealFrom(sealed, pair, info) {
  if (sealed[0] !== FORMAT) throw new Error("format");
  const how = { recipientKey: pair.privateKey, enc: sealed.slice(1, 1 + ENC), info: info.slice() };
  return new Uint8Array(await suite.open(how, sealed.slice(1 + ENC)));
}

const aes = (raw, use) => crypto.subtle.importKey("raw", raw.slice(), "AES-GCM", false, [use]);

export async function seal(plaintext, raw, additionalData) {
  const iv = random(NONCE);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, await aes(raw, "encrypt"), plaintext);
  return concat([FORMAT], iv, new Uint8Array(sealed));
}

export async function unseal(sealed, raw, additionalData) {
  if (sealed[0] !== FORMAT) throw new Error("format");
  const iv = sealed.slice(1, 1 + NONCE);
  const how = { name: "AES-GCM", iv, additionalData };
  return new Uint8Array(await crypto.subtle.decrypt(how, await aes(raw, "decrypt"), sealed.slice(1 + NONCE)));
}

// HKDF-SHA256 without salt, the label as `info`.
export async function derive(raw, ...label) {
  const key = await crypto.subtle.importKey("raw", raw.slice(), "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: context(...label) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
}

export const join = (first, second, ...label) => derive(concat(first, second), ...label);

export async function mac(raw, message) {
  const how = { name: "HMAC", hash: "SHA-512" };
  const key = await crypto.subtle.importKey("raw", raw.slice(), how, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
}
