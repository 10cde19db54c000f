// What tests/journeys/test_vectors_live.py calls in a real browser.

import * as js from "./seal.mjs";

globalThis.sealCheck = {
  publicOf: async (seed) => js.hex(await js.publicRaw(await js.keyPair(js.unhex(seed)))),
  sealTo: async (words, publicKey, parts) =>
    js.hex(await js.sealTo(new TextEncoder().encode(words), js.unhex(publicKey), js.context(...parts))),
  unsealFrom: async (sealed, seed, parts) =>
    new TextDecoder().decode(await js.unsealFrom(js.unhex(sealed), await js.keyPair(js.unhex(seed)), js.context(...parts))),
  sealShared: async (words, key, parts) =>
    js.hex(await js.sealShared(new TextEncoder().encode(words), js.unhex(key), js.context(...parts))),
  unsealShared: async (sealed, key, parts) =>
    new TextDecoder().decode(await js.unsealShared(js.unhex(sealed), js.unhex(key), js.context(...parts))),
  mailbox: async (receipt, installation) => {
    const found = await js.mailbox(receipt, installation);
    return { token: js.hex(found.token), seed: js.hex(found.seed), token_hash: found.tokenHash };
  },
  sealCase: async (request) => {
    const sealed = await js.sealCase({ ...request, reporterSeed: js.unhex(request.reporterSeed) });
    return {
      slots: { S: js.hex(sealed.slots.S), C: js.hex(sealed.slots.C) },
      compartments: sealed.compartments.map(([kind, sequence, blob]) => [kind, sequence, js.hex(blob)]),
      strikeouts: js.hex(sealed.strikeouts),
    };
  },
};
