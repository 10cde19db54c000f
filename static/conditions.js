// A questionnaire with conditions, asked on one page: what is asked, offered and shown follows from what is answered.
// Nothing is kept and nothing is sent before the button; the server runs every rule again over what arrives.
// The rules are the server's own (survey/asking.py, survey/coding.py, survey/expressions/values.py), as lists that
// survey/expressions/sent.py writes; tests/vectors/expressions.json holds both sides to the same answers.

// --- values

const LONGEST_RESULT = 1000, LONGEST_NUMBER = 40, LONGEST_TEXT = 64, DAY_MS = 86_400_000;
const finite = Number.isFinite;

// Twelve digits of a number, and the power of ten behind the last.
function twelve(value) {
  const [shown, power] = Math.abs(value).toExponential(11).split("e");
  return [value < 0 ? "-" : "", shown.replace(".", ""), Number(power) - 11];
}

function said(value) {
  if (typeof value === "string") return [...value].slice(0, LONGEST_RESULT).join("");
  if (typeof value === "boolean") return value ? "true" : "false";
  if (!finite(value)) return "";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value + 0);
  let [sign, digits, power] = twelve(value);
  const kept = digits.replace(/0+$/, "") || "0";
  power += digits.length - kept.length;
  if (power >= 0) return sign + kept + "0".repeat(power);
  const padded = kept.padStart(1 - power, "0");
  return `${sign}${padded.slice(0, power)}.${padded.slice(power)}`;
}

const stripped = (text) => text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
const words = (value) => said(value).split(/[ \t\r\n]+/).filter(Boolean);

function number(value) {
  if (typeof value !== "string") return Number(value);
  const text = stripped(value);
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return isDay(text) ? Date.parse(text) / DAY_MS : NaN;
  return [...text].length <= LONGEST_NUMBER && /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text) ? Number(text) : NaN;
}

function isDay(text) {
  const found = new Date(`${text}T00:00:00Z`);
  return text >= "0001" && !Number.isNaN(found.valueOf()) && found.toISOString().startsWith(text);
}

function truth(value) {
  return typeof value === "number" ? value !== 0 && !Number.isNaN(value) : Boolean(value);
}

function same(left, right) {
  if (typeof left === "boolean" || typeof right === "boolean") return truth(left) === truth(right);
  if (typeof left === "number" || typeof right === "number") return number(left) === number(right);
  return left === right;
}

function date(value) {
  const days = number(value);
  if (!finite(days) || !(days > -700_000 && days < 2_900_000)) return "";
  return new Date(Math.floor(days) * DAY_MS).toISOString().slice(0, 10);
}

function round(value, places = 0) {
  const found = number(value), wanted = number(places);
  if (!finite(found) || !(wanted >= -15 && wanted <= 15)) return NaN;
  const [sign, digits, power] = twelve(found), step = -Math.trunc(wanted), cut = step - power;
  if (cut <= 0) return Number(`${sign}${digits}e${power}`) + 0;
  const whole = cut > 12 ? 0n : (BigInt(digits) + 5n * 10n ** BigInt(cut - 1)) / 10n ** BigInt(cut);
  return Number(`${sign}${whole}e${step}`) + 0;
}

const whole = (value, how) => (finite(number(value)) ? how(number(value)) + 0 : NaN);

function substr(value, start, end = Infinity) {
  const text = [...said(value)], first = number(start), last = number(end);
  if (Number.isNaN(first) || Number.isNaN(last)) return "";
  const within = (place) => Math.trunc(Math.max(0, Math.min(place, text.length)));
  return text.slice(within(first), within(last)).join("");
}

function regex(value, pattern) {
  const text = said(value);
  // Python takes a stroke before signs that need none; here they are written as themselves.
  const plain = pattern.replace(/\\([^])/gu, (both, sign) => (sign === "-" ? "\\x2d" : `@'"`.includes(sign) ? sign : both));
  return [...text].length <= LONGEST_TEXT && new RegExp(`^(?:${plain})$`, "u").test(text);
}

const FUNCTIONS = {
  abs: (value) => Math.abs(number(value)),
  boolean: truth,
  ceiling: (value) => whole(value, Math.ceil),
  coalesce: (first, second) => (said(first) ? first : second),
  concat: (...values) => values.map(said).join(""),
  contains: (value, part) => said(value).includes(said(part)),
  "count-selected": (value) => words(value).length,
  date,
  "ends-with": (value, end) => said(value).endsWith(said(end)),
  false: () => false,
  floor: (value) => whole(value, Math.floor),
  if: (condition, yes, no) => (truth(condition) ? yes : no),
  int: (value) => whole(value, Math.trunc),
  max: (...values) => Math.max(...values.map(number)),
  min: (...values) => Math.min(...values.map(number)),
  "normalize-space": (value) => words(value).join(" "),
  not: (value) => !truth(value),
  number,
  once: (value) => value,
  regex,
  round,
  selected: (value, code) => words(value).includes(stripped(said(code))),
  "selected-at": (value, place) => (number(place) >= 0 && words(value)[Math.trunc(number(place))]) || "",
  "starts-with": (value, start) => said(value).startsWith(said(start)),
  string: said,
  "string-length": (value) => [...said(value)].length,
  substr,
  true: () => true,
};

const SIGNS = {
  and: (left, right) => truth(left) && truth(right),
  or: (left, right) => truth(left) || truth(right),
  "=": same,
  "!=": (left, right) => !same(left, right),
  "<": (left, right) => number(left) < number(right),
  "<=": (left, right) => number(left) <= number(right),
  ">": (left, right) => number(left) > number(right),
  ">=": (left, right) => number(left) >= number(right),
  "+": (left, right) => number(left) + number(right),
  "-": (left, right) => number(left) - number(right),
  "*": (left, right) => number(left) * number(right),
  div: (left, right) => number(left) / number(right),
  mod: (left, right) => number(left) % number(right),
};

// facts: answer(name) gives a text; today; own, the answer itself; columns of a choice.
function value([kind, what, ...parts], facts) {
  if (kind === "n") return number(what);
  if (kind === "w") return what;
  if (kind === "a") return facts.answer(what);
  if (kind === "o") return facts.own ?? "";
  if (kind === "c") return Object.hasOwn(facts.columns, what) ? facts.columns[what] : "";
  if (what === "today") return facts.today;
  return (kind === "f" ? FUNCTIONS : SIGNS)[what](...parts.map((part) => value(part, facts)));
}

export const holds = (tree, facts) => truth(value(tree, facts));
export const calculated = (tree, facts) => said(value(tree, facts));

// --- from what is typed or ticked to a coded answer; "" for what the server would not take

function coded(item, typed) {
  const given = typed.map((one) => one.trim()).filter(Boolean);
  if (!given.length) return "";
  if (item.kind === "many") {
    const ticked = item.choices.filter((choice) => given.includes(choice.code));
    const alone = ticked.filter((choice) => choice.alone);
    return (alone.length ? alone.slice(0, 1) : ticked).map((choice) => choice.code).join(" ");
  }
  if (item.kind in TYPED) return TYPED[item.kind](given[0], item);
  return item.choices.some((choice) => choice.code === given[0]) ? given[0] : "";
}

const TYPED = {
  integer: (text) => (/^-?[0-9]+$/.test(typedNumber(text)) ? typedNumber(text) : ""),
  decimal: typedNumber,
  range: (text, item) => (item.steps.includes(text) ? text : onStep(typedNumber(text), item.span)),
  date: typedDay,
  digits: (text) => (/^[0-9]{1,2}$/.test(text) ? text.padStart(2, "0") : ""),
  letter: (text) => /^[A-Z0]$/.exec(bare(text).toUpperCase())?.[0] ?? "",
};

const bare = (text) => text.toLowerCase().replaceAll("đ", "d").normalize("NFKD").replace(/\p{M}/gu, "");

// 1.500 · 1 500 · 1,5 as 1500 · 1500 · 1.5; "" where the server would say that it cannot be read.
function typedNumber(typed) {
  const text = typed.replace(/[ \u00a0\u2009\u202f]/g, " ").trim();
  const sign = /^[-−]/.test(text) ? "-" : "";
  const [whole, ...parts] = text.slice(sign.length).trim().split(","), part = parts.join(",");
  const digits = whole.replace(/[. ]/g, "");
  if (!/^([0-9]{1,3}(\.[0-9]{3})+|[0-9]{1,3}( [0-9]{3})+|[0-9]+)$/.test(whole)) return "";
  if (parts.length && !/^[0-9]+$/.test(part)) return "";
  if ((whole + part).length > 20 || (digits + part).length > 15) return "";
  if (part.length === 3 && whole.length <= 3 && whole !== "0") return "";
  const [size, rest] = [digits.replace(/^0+(?=.)/, ""), part.replace(/0+$/, "")];
  return `${sign && (size !== "0" || rest) ? "-" : ""}${size}${rest && `.${rest}`}`;
}

function onStep(text, [least, most, step]) {
  if (!text) return "";
  const places = Math.max(...[text, least, most, step].map((one) => (one.split(".")[1] ?? "").length));
  const [n, low, high, by] = [text, least, most, step].map((one) => {
    const [head, tail = ""] = one.split(".");
    return BigInt(head + tail.padEnd(places, "0"));
  });
  return n >= low && n <= high && (n - low) % by === 0n ? text : "";
}

function typedDay(text) {
  const found = /^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})$|^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
  if (!found) return "";
  const [day, month, year] = [found[1] ?? found[6], found[2] ?? found[5], found[3] ?? found[4]];
  const iso = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  return isDay(iso) ? iso : "";
}

// --- all rules over all answers, from the first item to the last

// typed: Map of what stands in the boxes of each item. What is asked, what each list offers, and every value.
export function settle(rules, typed) {
  const values = new Map(), asked = new Set(), offered = new Map();
  const computed = new Map(rules.items.filter((item) => item.calculate).map((item) => [item.name, item]));
  const facts = { today: rules.today, answer: look };
  const relevant = (item) => item.relevant.every((tree) => holds(tree, facts));

  function look(name) {
    const item = computed.get(name);
    if (item && !values.has(name)) {
      values.set(name, "");
      if (relevant(item)) values.set(name, calculated(item.calculate, facts));
    }
    return values.get(name) ?? "";
  }

  function offers(item) {
    const passes = (choice) => choice.columns.some((columns) => holds(item.filter, { ...facts, columns }));
    return item.filter ? item.choices.filter(passes) : item.choices;
  }

  for (const item of rules.items) {
    if (item.kind === "calculate" || !relevant(item)) continue;
    const choices = offers(item);
    if (item.choices.length) offered.set(item.name, choices.map((choice) => choice.code));
    if (item.choices.length && !choices.length) continue;
    asked.add(item.name);
    const answer = coded({ ...item, choices }, typed.get(item.name) ?? []);
    if (answer) values.set(item.name, answer);
  }
  computed.forEach((_, name) => look(name));
  return { asked, offered, values };
}

// An answer as it stands in the words of a later question.
export function shown(item, coded) {
  if (!item || !coded) return "…";
  if (item.choices.length) {
    return coded.split(" ").map((code) => item.choices.find((one) => one.code === code)?.words ?? code).join(", ");
  }
  if (item.kind === "date") return coded.split("-").reverse().join("/");
  return ["integer", "decimal", "range"].includes(item.kind) ? coded.replace(".", ",") : coded;
}

// --- the page

const template = document.querySelector("template[data-rules]");
if (template) begin(JSON.parse(template.dataset.rules), document.getElementById("steps"), template.content);

function begin(rules, steps, content) {
  steps.replaceWith(content);
  const form = document.getElementById("whole");
  const items = new Map(rules.items.map((item) => [item.name, item]));
  const places = new Map([...form.querySelectorAll("[data-item]")].map((place) => [place.dataset.item, place]));
  const act = () => follow(form, rules, items, places);
  form.addEventListener("input", act);
  // A browser may fill in by itself what stood here before.
  addEventListener("pageshow", act);
  act();
  keepThroughLanguages(form);
  document.querySelector("[role=alert]")?.focus();
}

function follow(form, rules, items, places) {
  const typed = new Map([...places].map(([name, place]) => [name, typedIn(place)]));
  const { asked, offered, values } = settle(rules, typed);
  for (const [name, place] of places) {
    const codes = offered.get(name);
    place.hidden = !asked.has(name);
    for (const input of place.querySelectorAll("input")) {
      const out = Boolean(codes) && input.type !== "text" && !codes.includes(input.value);
      input.disabled = place.hidden || out;
      if (codes) input.closest("label").hidden = out;
    }
    for (const or of place.querySelectorAll(".or")) or.hidden = !or.parentElement.querySelector("label:not([hidden]):has(~ .or)");
  }
  for (const gap of form.querySelectorAll("[data-said]")) {
    gap.textContent = shown(items.get(gap.dataset.said), values.get(gap.dataset.said));
  }
  numberParts(form);
}

function typedIn(place) {
  const inputs = [...place.querySelectorAll("input")];
  return inputs.filter((input) => input.type === "text" || input.checked).map((input) => input.value);
}

function numberParts(form) {
  const parts = [...form.querySelectorAll("section[data-part]")];
  for (const part of parts) {
    const inside = [...part.querySelectorAll("[data-item]")];
    part.hidden = inside.length > 0 && inside.every((place) => place.hidden) && !part.querySelector("#card");
  }
  const left = parts.filter((part) => !part.hidden);
  left.forEach((part, place) => {
    const line = part.querySelector("[data-words]");
    line.textContent = line.dataset.words.replace("{}", place + 1).replace("{}", left.length);
  });
}

// The link to the other language takes along what was answered, where something was.
function keepThroughLanguages(form) {
  document.querySelector("a.tongue")?.addEventListener("click", (event) => {
    const inputs = [...form.querySelectorAll("input:not([type=hidden])")];
    if (!inputs.some((input) => input.checked || (input.type === "text" && input.value))) return;
    event.preventDefault();
    form.querySelector("[name=stay]").click();
  });
}
