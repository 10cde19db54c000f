// Files, sealed here: chosen, known by their content, pictures drawn anew, and every copy sealed chunk by chunk and
// sent. The server gets ciphertext of one size. What is said stands in templates/intake/files_script.html.

import { sha256 } from "@noble/hashes/sha2.js";
import { hex, random, unbase64 } from "./bytes.mjs";
import { openStrikeouts } from "./envelope.mjs";
import { asked, begun, piece, sealedWords, whole } from "./file_envelope.mjs";
import { HEAD, kindOf, PICTURES } from "./file_kinds.mjs";
import { chunksFor, nonce, read, sealChunk, streamOf, Unreadable } from "./file_stream.mjs";
import { leaving } from "./page.mjs";
import { drawnAnew } from "./picture.mjs";
import { keyPair, sha256 as digestOf } from "./sealing.mjs";

export { chunksFor, drawnAnew, kindOf, sealChunk, streamOf }; // tests compare them with their twins on the server

const PATIENCE = 90_000;
const WAITS = [1_000, 4_000, 10_000]; // before one is asked whether to go on
const AGAIN = 3;
const NAME = 120;

// What stands in the way of a file; its word is the end of the name of a template.
class Refused extends Error {}

// The panel, ready to be put on the screen; throws where this browser cannot seal a file or the server does not answer.
export async function open(address, keys) {
  await able();
  const answer = await fetch(address);
  if (!answer.ok) throw new Error("panel");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const files = new Files(page, { ...keys, pair: await keyPair(keys.seed) });
  await files.look();
  return files.box;
}

// Found out by doing it, as able.mjs does for words.
async function able() {
  const blob = new Blob([new Uint8Array([1, 2, 3])]);
  const stream = await streamOf(blob.slice(1), { caseId: "a", fileId: "b", copy: "clean" });
  const sealed = await sealChunk(stream, 0);
  const how = { name: "AES-GCM", iv: nonce(0, 1), additionalData: stream.bound };
  const clear = new Uint8Array(await crypto.subtle.decrypt(how, stream.key, sealed));
  const same = hex(sha256.create().update(clear).digest()) === hex(await digestOf(clear));
  if (!same || clear[0] !== 2 || clear[1] !== 3) throw new Error("unable");
}

class Files {
  #page;
  #keys;
  #letter = null; // { caseId, readers, at, room }
  #chosen = [];
  #sending = false;
  #stopped = false;
  #flying = null;
  #ticket = "";
  #ahead = 0; // milliseconds by which the server's clock is ahead of this one

  constructor(page, keys) {
    this.#page = page;
    this.#keys = keys;
    this.box = this.#copy("panel").firstElementChild;
    this.#part("input").addEventListener("change", () => this.#choose());
    this.#part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#part("[data-stop]").addEventListener("click", () => this.#stop());
    const other = this.#part("[data-other] form");
    other.addEventListener("submit", () => (other.elements.receipt.value = this.#keys.digits));
    leaving({ at_stake: () => this.#sending && this.box.isConnected, forget: () => this.#forget() });
  }

  #part(selector) {
    return this.box.querySelector(selector);
  }

  #copy(name) {
    return document.importNode(this.#page.getElementById(`f-${name}`).content, true);
  }

  #forget() {
    this.#stopped = true;
    this.#chosen = [];
    this.#keys = this.#letter = null;
    this.box.replaceChildren();
  }

  // --- asking the server ---

  async look(patient = false) {
    const body = asked(this.#keys.token);
    const ask = () => (patient ? this.#told(this.box.dataset.look, body) : this.#post(this.box.dataset.look, body));
    let said = await ask();
    for (let tries = 0; said.why === "wait" && tries < AGAIN; tries += 1) {
      await pause(1_000 * said.seconds);
      said = await ask();
    }
    if (said.why) throw new Refused(said.why);
    const kept = await openStrikeouts(said.strikeouts, this.#keys.pair, said.case);
    const seats = said.writing?.versions[kept.roster - 1];
    if (!seats || !Array.isArray(kept.struck)) throw new Refused("damaged");
    const { keys } = said.writing;
    const publics = (ids) => ids.map((id) => (keys[id] && !kept.struck.includes(id) ? unbase64(keys[id]) : null));
    const readers = { version: kept.roster, handlers: publics(seats.S), custodians: publics(seats.C) };
    if (!readers.handlers.some(Boolean)) throw new Refused("nobody");
    this.#letter = { caseId: said.case, seed: this.#keys.seed, readers, at: said.writing, room: said.room, short: said.short };
    this.#show();
  }

  async #post(address, body) {
    const stop = (this.#flying = new AbortController());
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const headers = { "Content-Type": "application/octet-stream", "X-Ticket": this.#ticket };
      const answer = await fetch(address, { method: "POST", body, headers, signal: stop.signal, cache: "no-store" });
      const there = Date.parse(answer.headers.get("Date") ?? "");
      if (there) this.#ahead = there - Date.now();
      if (!(answer.headers.get("Content-Type") ?? "").includes("json")) return { why: "lost" };
      const said = await answer.json();
      this.#ticket = said.ticket ?? "";
      return said;
    } catch {
      return { why: "lost" };
    } finally {
      clearTimeout(timer);
    }
  }

  // The very same bytes until the server has answered: a broken line loses nothing, and nothing counts twice.
  async #told(address, body) {
    for (let tries = 0; ; tries += 1) {
      if (this.#stopped) return { why: "stopped" };
      const said = await this.#post(address, body);
      if (said.why === "wait") await pause(1_000 * said.seconds);
      else if (said.why !== "lost") return said;
      else if (tries < WAITS.length) await pause(WAITS[tries]);
      else {
        await this.#gone_on();
        tries = -1;
      }
    }
  }

  // The line is broken: the person says when to go on, or the browser notices that the network is back.
  #gone_on() {
    return new Promise((resolve) => {
      this.#tell("lost");
      const on = () => {
        removeEventListener("online", on);
        this.#tell();
        resolve();
      };
      this.#resume = on;
      addEventListener("online", on);
      this.#part("[data-go-on]").addEventListener("click", on);
    });
  }

  #resume = () => {};

  #stop() {
    this.#stopped = true;
    this.#flying?.abort();
    this.#resume();
  }

  // --- choosing ---

  async #choose() {
    const field = this.#part("input");
    const files = [...field.files];
    this.#tell();
    this.#says("looking");
    for (const file of files) await this.#add(file);
    field.value = "";
    this.#says();
    this.#show();
  }

  async #add(file) {
    const row = this.#copy("file").firstElementChild;
    const one = { file, row, state: "looked at", clean: null };
    row.querySelector("[data-name]").textContent = file.name;
    row.querySelector("[data-size]").textContent = this.#megabytes(file.size);
    for (const about of row.querySelectorAll("[data-about]")) about.textContent = file.name;
    row.querySelector("progress").setAttribute("aria-label", file.name);
    row.querySelector("[data-drop]").addEventListener("click", () => this.#drop(one));
    this.#chosen.push(one);
    this.#part("[data-files-list]").append(row);
    try {
      await this.#examine(one);
      one.state = "waiting";
    } catch (error) {
      this.#refuse(one, error instanceof Unreadable ? "unreadable" : error instanceof Refused ? error.message : "failed");
    }
  }

  async #examine(one) {
    const { file } = one;
    const others = this.#chosen.filter((other) => other !== one && ["looked at", "waiting"].includes(other.state));
    if (others.length >= this.#letter.room) throw new Refused("many");
    if (!file.size) throw new Refused("empty");
    if (file.size > this.#most) throw new Refused("large");
    one.kind = kindOf(await read(file.slice(0, HEAD)), file.size);
    if (!one.kind) throw new Refused("kind");
    if (!PICTURES.includes(one.kind)) return this.#fate(one, "other");
    one.clean = await drawnAnew(file, one.kind, this.#most);
    this.#fate(one, one.clean ? "picture" : "bare");
    // Of that form the server makes no clean copy either.
    if (!one.clean && one.kind !== "heic") this.#part("[data-other]").hidden = false;
  }

  get #most() {
    return Number(this.box.dataset.most);
  }

  #drop(one) {
    if (this.#sending) return;
    this.#chosen = this.#chosen.filter((other) => other !== one);
    one.row.remove();
    this.#show();
    this.#part("input").focus();
  }

  #refuse(one, why) {
    one.state = "refused";
    one.row.classList.add("is-refused");
    this.#fate(one, this.#page.getElementById(`f-${why}`) ? why : "failed");
  }

  #fate(one, name) {
    one.row.querySelector("[data-fate]").replaceChildren(this.#copy(name));
  }

  // --- sealing and sending ---

  async #send() {
    const waiting = this.#chosen.filter((one) => one.state === "waiting");
    if (this.#sending) return;
    this.#tell();
    if (!waiting.length) return this.#tell("nothing");
    this.#sending = true;
    this.#stopped = false;
    this.#show();
    for (const one of waiting) await this.#try(one);
    this.#sending = false;
    const arrived = waiting.every((one) => one.state === "sent");
    this.#says();
    this.#show();
    if (arrived) this.#tell("arrived");
  }

  async #try(one) {
    if (this.#stopped) return;
    const bar = one.row.querySelector("progress");
    bar.hidden = false;
    this.#says("sending");
    try {
      const digest = await this.#bring(one, (share) => (bar.value = share));
      one.state = "sent";
      one.row.classList.add("is-sent");
      this.#fate(one, "sent");
      one.row.querySelector("[data-hash]").textContent = digest;
    } catch (error) {
      if (error.message === "stopped") return this.#tell("stopped");
      this.#refuse(one, error instanceof Unreadable ? "unreadable" : error instanceof Refused ? error.message : "failed");
      this.#tell("failed");
    } finally {
      bar.hidden = true;
      bar.value = 0;
    }
  }

  // One file, whole or not at all. Where the server lost hold of it, it begins anew under fresh keys.
  async #bring(one, progress) {
    for (let again = 0; again < AGAIN; again += 1) {
      const digest = await this.#brought(one, progress);
      if (digest) return digest;
    }
    throw new Refused("failed");
  }

  async #brought({ file, kind, clean: drawn }, progress) {
    const { caseId } = this.#letter;
    const where = { caseId, fileId: hex(random(16)) };
    const original = await streamOf(file, { ...where, copy: "original" });
    const clean = drawn && (await streamOf(drawn.blob, { ...where, copy: "clean" }));
    const { token } = this.#keys;
    const { fileId } = where;
    const said = await this.#told(this.box.dataset.begin, begun({ token, fileId, clean, original }));
    if (said.why) throw new Refused(said.why);
    const digest = await this.#chunks({ fileId, copies: { clean, original }, progress });
    const minute = new Date(Date.now() + this.#ahead + 7 * 3_600_000).toISOString().slice(0, 16);
    const { sent, labels } = this.box.dataset;
    return digest && this.#described({
      fileId, kind, original, clean, cleanKind: drawn?.kind, sha256: digest, minute: `${minute}+07:00`,
      name: [...file.name.normalize("NFC")].slice(-NAME).join(""),
      sentence: sent.replace("{}", JSON.parse(labels)[kind]),
    });
  }

  // While one chunk is on its way the next is sealed. Returns the SHA-256 of the original, or "" where all is to begin anew.
  async #chunks({ fileId, copies, progress }) {
    const digest = sha256.create();
    const all = copies.original.chunks + (copies.clean?.chunks ?? 0) + 1;
    let flying = null;
    let done = 0;
    const landed = async () => {
      const said = (await flying) ?? { kept: true };
      if (said.why && said.why !== "gone") throw new Refused(said.why);
      if (flying) progress((done += 1) / all);
      return said.kept;
    };
    for (const [copy, stream] of Object.entries(copies)) {
      for (let at = 0; at < (stream?.chunks ?? 0); at += 1) {
        const seen = copy === "original" ? (bytes) => digest.update(bytes) : undefined;
        const sealed = await sealChunk(stream, at, seen);
        if (!(await landed())) return "";
        flying = this.#told(this.box.dataset.chunk, piece({ token: this.#keys.token, fileId, copy, at, sealed }));
      }
    }
    return (await landed()) ? hex(digest.digest()) : "";
  }

  // What says which file it is, sealed for those who may read it; again where the letter moved on meanwhile.
  async #described(one) {
    for (let tries = 0; tries <= AGAIN; tries += 1) {
      if (!this.#letter.at) await this.look(true);
      const { at, readers } = this.#letter;
      const words = await sealedWords(one, this.#letter);
      const body = whole({ token: this.#keys.token, fileId: one.fileId, version: readers.version, at, words });
      const said = await this.#told(this.box.dataset.whole, body);
      if (said.why === "gone") return "";
      if (said.why && said.why !== "moved") throw new Refused(said.why);
      this.#letter.at = null; // this place is taken now: the next file looks first
      if (!said.kept) continue;
      this.#letter.room = said.room;
      return one.sha256;
    }
    throw new Refused("failed");
  }

  // --- what is seen ---

  #show() {
    const waiting = this.#chosen.filter((one) => one.state === "waiting").length;
    const { room, short } = this.#letter;
    this.#part("[data-room]").textContent = room;
    this.#part("[data-full]").hidden = room > 0;
    this.#part("[data-short]").hidden = !room || !short;
    this.#part("[data-ask]").hidden = this.#sending || !room || short;
    this.#part("[data-send]").hidden = this.#sending || !waiting;
    this.#part("[data-stop]").hidden = !this.#sending;
    this.#part("[data-files-list]").hidden = !this.#chosen.length;
    for (const { row, state } of this.#chosen) row.querySelector("[data-drop]").hidden = this.#sending || state === "sent";
  }

  #says(what = "") {
    const line = this.#part("[data-says]");
    line.textContent = what && line.dataset[what];
  }

  #tell(name = "") {
    this.#part("[data-told]").replaceChildren(...(name ? [this.#copy(`told-${name}`)] : []));
  }

  #megabytes(size) {
    const words = `${(Math.max(size, 100_000) / 1_000_000).toFixed(1)} MB`;
    return document.documentElement.lang === "vi" ? words.replace(".", ",") : words;
  }
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
