// In place of the packages, in every bundle but the first: what brings.mjs has put there.

export const { Aes256Gcm, CipherSuite, HkdfSha256, XWing, scryptAsync, sha256 } = globalThis[Symbol.for("brought")];
