// Keeps an entry as it is typed. What cannot be sent stays in the page and is tried again; nothing typed is ever
// dropped. A photograph is made small here, which also takes away where and when it was taken.
const form = document.querySelector("[data-saves]");
const state = form.querySelector("[data-state]");
const doubts = form.querySelector("[data-doubts]");
const pictures = document.querySelector("[data-photographs]");
const asks = { Accept: "application/json" };
const SIDE = 1600;

let unsaved = false;
let busy = null;
let timer = 0;
let stopped = false;

const say = (word, more = "") => {
  state.textContent = `${form.dataset[word] ?? ""} ${more}`.trim();
};

const plan = (milliseconds) => {
  clearTimeout(timer);
  if (!stopped) timer = setTimeout(save, milliseconds);
};

// One sending at a time; who asks meanwhile waits for the next one.
function save() {
  if (busy) return busy.then(save);
  if (!unsaved || stopped) return Promise.resolve(!unsaved);
  busy = send().finally(() => (busy = null));
  return busy;
}

async function send() {
  unsaved = false;
  say("saving");
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: asks, redirect: "manual" });
  } catch {
    return later("lost");
  }
  const told = await read(answer);
  if (!told) return (await freshToken()) ? later("saving", 100) : later(answer.status >= 500 ? "lost" : "signed");
  if (told.version) return kept(told);
  unsaved = true;
  if (told.errors) say("wrong", told.errors.join(" "));
  else {
    stopped = true;
    say(told.closed ? "closed" : "changed");
  }
  return false;
}

const later = (word, milliseconds = 4000) => {
  unsaved = true;
  say(word);
  plan(milliseconds);
  return false;
};

async function read(answer) {
  if (!(answer.headers.get("Content-Type") ?? "").startsWith("application/json")) return null;
  return answer.json().catch(() => null);
}

// Whoever signed in anew in another tab has another token; with it this page may go on.
async function freshToken() {
  try {
    const told = await read(await fetch(form.dataset.token, { headers: asks, redirect: "manual" }));
    if (!told || told.token === form.elements.csrf_token.value) return false;
    for (const field of document.querySelectorAll("[name=csrf_token]")) field.value = told.token;
    return true;
  } catch {
    return false;
  }
}

function kept(told) {
  form.elements.seen.value = told.version;
  doubts.replaceChildren(
    ...told.doubts.map((words) => {
      const line = document.createElement("p");
      line.className = "doubt icon is-soon";
      line.textContent = words;
      return line;
    }),
  );
  history.replaceState(null, "", form.dataset.saves);
  pictures.hidden = false;
  if (!unsaved) say("saved");
  return true;
}

form.addEventListener("input", () => {
  unsaved = true;
  plan(2500);
});
form.addEventListener("change", () => plan(200));
addEventListener("online", () => plan(0));
addEventListener("visibilitychange", () => document.visibilityState === "hidden" && save());
addEventListener("beforeunload", (event) => unsaved && event.preventDefault());

// The button sends by script too, so that a lost connection does not take the page away with the words in it.
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (stopped) return leave(() => form.submit());
  unsaved = true;
  if (await save()) return leave(() => location.assign(form.querySelector("[data-list]").href));
  if (!navigator.onLine || timerRuns()) return undefined;
  return leave(() => form.submit());
});

const timerRuns = () => [form.dataset.lost, form.dataset.signed, form.dataset.saving].includes(state.textContent);

const leave = (way) => {
  unsaved = false;
  clearTimeout(timer);
  way();
};

// --- photographs

const sender = pictures.querySelector("form[data-photo]");
if (sender) {
  const words = sender.querySelector("[data-photo-state]");
  sender.querySelector("button").hidden = true;
  sender.elements.photo.addEventListener("change", sendPhotograph);
  sender.addEventListener("submit", (event) => event.preventDefault());

  async function sendPhotograph() {
    const [file] = sender.elements.photo.files;
    if (!file) return;
    words.textContent = sender.dataset.photo;
    const small = await madeSmall(file);
    if (!small) {
      words.textContent = sender.dataset.unread;
      return;
    }
    const body = new FormData(sender);
    body.set("photo", small, "photo.jpg");
    let told = null;
    try {
      told = await read(await fetch(sender.action, { method: "POST", body, headers: asks, redirect: "manual" }));
    } catch {
      // no connection: said below
    }
    if (!told?.kept) {
      words.textContent = told?.wrong ?? sender.dataset.lost;
      sender.querySelector("button").hidden = Boolean(told);
      return;
    }
    await save();
    leave(() => location.reload());
  }
  sender.querySelector("button").addEventListener("click", sendPhotograph);
}

async function madeSmall(file) {
  try {
    const picture = await createImageBitmap(file);
    const share = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const sheet = document.createElement("canvas");
    sheet.width = Math.max(1, Math.round(picture.width * share));
    sheet.height = Math.max(1, Math.round(picture.height * share));
    sheet.getContext("2d").drawImage(picture, 0, 0, sheet.width, sheet.height);
    picture.close();
    return await new Promise((done) => sheet.toBlob(done, "image/jpeg", 0.82));
  } catch {
    return null;
  }
}
