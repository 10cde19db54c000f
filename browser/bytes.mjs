// Bytes and the few ways they are written. Nothing here knows what they mean.

const utf8 = new TextEncoder();

export const encode = (text) => utf8.encode(text);
export const decode = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
export const random = (count) => crypto.getRandomValues(new Uint8Array(count));
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
export const unbase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// Length (uint32, big-endian) ‖ data ‖ zeros, up to the next multiple of `size`.
export function pad(data, size) {
  const padded = new Uint8Array(Math.ceil((4 + data.length) / size) * size);
  new DataView(padded.buffer).setUint32(0, data.length);
  padded.set(data, 4);
  return padded;
}

export function unpad(padded) {
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  if (4 + length > padded.length) throw new Error("padding");
  return padded.slice(4, 4 + length);
}
