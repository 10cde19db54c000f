// The questions of the page, one at a time. They are the very fields that are sent where no script runs.

import { shown, template } from "./page.mjs";
import * as rules from "./rules.mjs";

export class Questions {
  touched = false;
  #form;
  #blank;
  #steps = []; // { field, ask, with: what stands above it, section: its heading }
  #at = 0;
  #checked = false; // everything was shown once more, so "continue" leads back there
  #finished;
  #now;
  #progress;
  #back;

  constructor({ form, blank, finished }) {
    this.#form = form;
    this.#blank = blank;
    this.#finished = finished;
    this.#gather();
    form.append(template("moves"));
    form.prepend(template("progress"));
    this.#progress = form.querySelector("[data-progress]");
    this.#now = form.querySelector("[data-now]");
    this.#back = form.querySelector("[data-back]");
    this.#back.addEventListener("click", () => this.#move(-1));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#next();
    });
    for (const what of ["input", "change"]) form.addEventListener(what, () => this.#changed());
    this.seat(blank);
    const focused = this.#steps.findIndex((step) => step.ask.contains(document.activeElement));
    if (focused > 0) this.#at = focused;
    const ticks = form.querySelector(":checked:not([value=mailbox])");
    this.touched = Boolean(ticks) || [...form.querySelectorAll("textarea, input[type=text]")].some((one) => one.value);
    this.#show(false);
  }

  // What stands above the first question of a section belongs to that question's page.
  #gather() {
    const form = this.#form;
    let section = null;
    let above = [...document.querySelectorAll("main > *")].filter((one) => form.compareDocumentPosition(one) & 2);
    for (const child of [...form.children]) {
      if (child.matches("h2")) section = child;
      else if (child.matches(".ask")) {
        const name = child.querySelector("[name]").name;
        const field = this.#blank.fields.find((one) => one.name === name);
        this.#steps.push({ field, ask: child, with: above, section });
        above = [];
      } else if (section) above.push(child);
    }
    for (const rest of above) rest.remove(); // the button and its sentence: this page has its own
  }

  read() {
    const values = (name) => new FormData(this.#form).getAll(name).map(String);
    return rules.read(this.#blank, values, this.#people(), (sentence, written, limit) => {
      const number = (count) => count.toLocaleString(document.documentElement.lang);
      return sentence.replace("{written}", number(written)).replace("{limit}", number(limit));
    });
  }

  get rosterField() {
    return this.#blank.fields.find((field) => field.roster).name;
  }

  chose(code) {
    return [this.read().answers[this.rosterField] ?? []].flat().includes(code);
  }

  #people() {
    return this.#blank.roster.members.map((one) => one.id);
  }

  // --- moving ---

  #asked() {
    const { answers } = this.read();
    return this.#steps.filter((step) => rules.asked(step.field, answers));
  }

  go(name, notice = null) {
    this.#at = this.#steps.findIndex((step) => step.field.name === name);
    this.#checked = true;
    this.#show(true);
    if (notice) this.#now.prepend(notice);
  }

  last() {
    return this.#asked().pop().field.name;
  }

  #next() {
    const { field, ask } = this.#steps[this.#at];
    const { errors } = this.read();
    if (errors[field.name]) {
      this.wrong(ask.querySelector("[name]"), errors[field.name]);
      ask.querySelector("[name]").focus();
      return;
    }
    this.#right(ask);
    if (!this.#checked) return this.#move(1);
    const missing = this.#asked().find((step) => errors[step.field.name]);
    if (missing) this.go(missing.field.name);
    else this.#finished();
  }

  #move(by) {
    const asked = this.#asked();
    const here = asked.indexOf(this.#steps[this.#at]);
    const next = asked[here + by];
    if (next) {
      this.#at = this.#steps.indexOf(next);
      this.#show(true);
    } else if (by > 0) {
      this.#checked = true;
      this.#next();
    }
  }

  #show(focus) {
    const here = this.#steps[this.#at];
    for (const step of this.#steps) {
      step.ask.hidden = step !== here;
      // The page keeps its heading for who hears it.
      for (const one of step.with) one.matches("h1") ? one.classList.toggle("sr", step !== here) : (one.hidden = step !== here);
      if (step.section !== here.section) step.section.hidden = true;
    }
    here.section.hidden = false;
    this.#back.hidden = this.#asked()[0] === here || this.#checked;
    this.#changed(false);
    if (focus) shown(here.ask.querySelector("legend, .ask__q") ?? here.section);
  }

  #changed(touched = true) {
    this.touched ||= touched;
    const asked = this.#asked();
    const left = asked.length - 1 - asked.indexOf(this.#steps[this.#at]);
    const words = this.#progress.dataset;
    const said = left > 1 ? words.many.replace("{}", left) : left ? words.one : words.last;
    this.#progress.querySelector("b").textContent = said;
    const sections = [...new Set(this.#steps.map((step) => step.section))];
    const reached = sections.indexOf(this.#steps[this.#at].section);
    [...this.#progress.querySelectorAll("i")].forEach((mark, index) => mark.classList.toggle("on", index <= reached));
    this.#advise();
  }

  // What the answer just given calls for, said at once beside it.
  #advise() {
    const { answers } = this.read();
    const { field } = this.#steps[this.#at];
    const names = rules.steps(this.#blank, answers).filter(([name]) => name === field.name);
    const wanted = names.map(([name, code]) => `step-${name}-${code}`);
    if (field.roster) wanted.push(...this.#left(answers));
    if (this.#now.dataset.said === wanted.join()) return;
    this.#now.dataset.said = wanted.join();
    this.#now.replaceChildren(...wanted.map(template));
  }

  #left(answers) {
    const struck = rules.struckOut(this.#blank, answers);
    const left = (role) => this.#blank.roster.members.filter((one) => one.role === role && !struck.includes(one.id)).length;
    if (!left("handler")) return ["nobody-handler"];
    if (!left("custodian")) return ["nobody-custodian"];
    return left("handler") === 1 ? ["one-reader"] : [];
  }

  // --- errors, in place ---

  wrong(field, sentence) {
    const ask = field.closest(".ask");
    this.#right(ask);
    const error = template("error").firstElementChild;
    error.id = `${field.name}-error`;
    error.lastElementChild.append(sentence);
    ask.classList.add("ask--wrong");
    const about = ask.querySelector(".about");
    if (about) about.after(error);
    else ask.querySelector(".ask__q, .picks").after(error);
    const told = ask.querySelector("fieldset") ?? field;
    told.setAttribute("aria-describedby", [about?.id, error.id].filter(Boolean).join(" "));
    for (const one of ask.querySelectorAll("[name]")) one.setAttribute("aria-invalid", "true");
  }

  #right(ask) {
    if (!ask.classList.contains("ask--wrong")) return;
    ask.classList.remove("ask--wrong");
    ask.querySelector(".error").remove();
    const told = ask.querySelector("fieldset") ?? ask.querySelector("[name]");
    told.setAttribute("aria-describedby", ask.querySelector(".about")?.id ?? "");
    for (const one of ask.querySelectorAll("[name]")) one.removeAttribute("aria-invalid");
  }

  // --- what was answered, in people's words ---

  told(given) {
    const { answers } = this.read();
    const rows = [];
    for (const { field, ask } of this.#steps) {
      if ((field.kind === "tick" && field.required) || !rules.asked(field, answers)) continue;
      const value = answers[field.name];
      if ((value !== undefined) !== given) continue;
      rows.push({ name: field.name, question: question(field, ask), answer: this.#words(field, ask, value) });
    }
    return rows;
  }

  #words(field, ask, value) {
    if (value === undefined || field.kind === "text") return value;
    if (value === true) return [template("yes").textContent];
    return [value].flat().map((code) => label(ask, code));
  }

  // --- the people who could read it ---

  // The list as it is now: ticks of who is still there are kept.
  seat(blank) {
    this.#blank = blank;
    this.#form.elements.roster.value = blank.roster.fingerprint; // where the form goes the other way
    const step = this.#steps.find((one) => one.field.roster);
    for (const one of this.#steps) one.field = blank.fields.find((field) => field.name === one.field.name);
    const options = step.field.options.map(([code]) => code);
    const picks = [...step.ask.querySelectorAll(".pick")];
    const there = picks.filter((pick) => !options.includes(pick.firstElementChild.value));
    const ids = there.map((pick) => pick.firstElementChild.value);
    if (ids.join() === this.#people().join()) return;
    const ticked = there.filter((pick) => pick.firstElementChild.checked).map((pick) => pick.firstElementChild.value);
    const pattern = picks[0];
    const fresh = blank.roster.members.map((member, index) => seated(pattern, member, index, ticked));
    for (const pick of there) pick.remove();
    step.ask.querySelector(".picks").prepend(...fresh);
  }
}

function seated(pattern, member, index, ticked) {
  const pick = pattern.cloneNode(true);
  const box = pick.querySelector("input");
  box.value = member.id;
  box.id = index ? `${box.name}-m${index}` : box.name;
  box.checked = ticked.includes(member.id);
  const small = document.createElement("small");
  small.textContent = `${member.title} · ${member.office}`;
  pick.querySelector("span").replaceChildren(member.name, small);
  return pick;
}

const question = (field, ask) =>
  field.kind === "tick" ? ask.querySelector(".pick span").textContent : ask.querySelector(".ask__q").textContent;

function label(ask, code) {
  const box = [...ask.querySelectorAll("input")].find((one) => one.value === code);
  return box ? box.nextElementSibling.firstChild.textContent : code;
}
