// A file as sealed chunks of one size: intake/files/stream.py. One chunk is in memory at a time, never the file.

import { random } from "./bytes.mjs";
import { context } from "./sealing.mjs";

export const CHUNK = 262_144;

// The file is not what it was when it was chosen, or cannot be read any more.
export class Unreadable extends Error {}

// So many chunks hold so many bytes, rounded up to a size class: 1, 2, 3, 4, 6, 8, 12, 16, 24 …
export function chunksFor(size) {
  const needed = Math.max(1, Math.ceil(size / CHUNK));
  if (needed <= 2) return needed;
  let step = 1;
  while (needed > 4 * step) step *= 2;
  return needed <= 3 * step ? 3 * step : 4 * step;
}

// One copy of a file under a key of its own. Each of its chunks is sealed once: a number never comes twice under a key.
export async function streamOf(blob, { caseId, fileId, copy, raw = random(32) }) {
  const key = await crypto.subtle.importKey("raw", raw.slice(), "AES-GCM", false, ["encrypt", "decrypt"]);
  const bound = context(1, "file", caseId, fileId, copy);
  return { blob, copy, raw, key, bound, bytes: blob.size, chunks: chunksFor(blob.size) };
}

export function nonce(number, chunks) {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(7, number);
  iv[11] = number === chunks - 1 ? 1 : 0;
  return iv;
}

// Reads one chunk, shows it to `seen`, and seals it, filled up with zeros.
export async function sealChunk(stream, number, seen = () => {}) {
  const at = number * CHUNK;
  const there = await read(stream.blob.slice(at, at + CHUNK));
  if (there.length !== Math.max(0, Math.min(CHUNK, stream.bytes - at))) throw new Unreadable();
  seen(there);
  const clear = new Uint8Array(CHUNK);
  clear.set(there);
  const how = { name: "AES-GCM", iv: nonce(number, stream.chunks), additionalData: stream.bound };
  return new Uint8Array(await crypto.subtle.encrypt(how, stream.key, clear));
}

export async function read(blob) {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch {
    throw new Unreadable();
  }
}
