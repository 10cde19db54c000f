// The packages that seal, for the scripts that this page fetches later: they need not bring them a second time.

import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { sha256 } from "@noble/hashes/sha2.js";

globalThis[Symbol.for("brought")] = { Aes256Gcm, CipherSuite, HkdfSha256, XWing, scryptAsync, sha256 };
