// What the answers of a letter mean: intake/form/report.py, driven by the rules that the server gives (intake/form/blank.py).

const MARKS = 4;

// core/vietnamese.py's nfc(): one Unicode form, nothing invisible, no towers of marks.
export function nfc(text) {
  const plain = text
    .replace(/\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]/g, "\n")
    .replace(/\t/g, " ")
    .replace(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Noncharacter_Code_Point}]/gu, "");
  return cutTowers(cutTowers(plain, 2 * MARKS).normalize("NFC"), MARKS);
}

const cutTowers = (text, most) => text.replace(/\p{M}+/gu, (tower) => [...tower].slice(0, most).join(""));

// Python strips what it calls white space; so much of it as nfc() leaves.
const strip = (text) => text.replace(/^[\s\x1f]+|[\s\x1f]+$/g, "");

export const asked = (field, answers) => {
  if (!field.condition) return true;
  const [name, code, negated] = field.condition;
  return answers[name] !== undefined && (answers[name] === code) !== negated;
};

const chosen = (answers, name) => [answers[name] ?? []].flat();

// form: blank letter; values(name): what stands in the page's fields of that name, as a list of texts.
// Answers by name, and sentences about what is missing or too long; people: ids that may be struck out.
export function read(form, values, people, say) {
  const answers = {};
  const errors = {};
  for (const field of form.fields) {
    if (!asked(field, answers)) continue;
    let given = values(field.name).filter((value) => strip(value));
    if (!given.length && field.default) given = [field.default];
    if (field.kind === "text") given = given.length ? [strip(nfc(given.join("\n")))].filter(Boolean) : [];
    if (!given.length) {
      if (field.required) errors[field.name] = field.missing;
    } else if (field.kind === "text") {
      const written = [...given[0]].length;
      if (field.limit && written > field.limit) errors[field.name] = say(form.too_long, written, field.limit);
      else answers[field.name] = given[0];
    } else if (field.kind === "tick") {
      answers[field.name] = true;
    } else {
      answers[field.name] = coded(field, given, people);
    }
  }
  return { answers, errors };
}

function coded(field, given, people) {
  const order = field.options.map(([code]) => code).concat(field.roster ? [...people].sort() : []);
  const codes = order.filter((code) => given.includes(code));
  if (field.kind === "one") return codes[0];
  // "I exclude nobody" beside a name: the name counts, because the other mistake cannot be undone.
  const named = field.roster ? codes.filter((code) => code !== "none") : codes;
  return named.length ? named : codes;
}

export const struckOut = (form, answers) => {
  const field = form.fields.find((one) => one.roster);
  return chosen(answers, field.name).filter((code) => !field.options.some(([option]) => option === code));
};

export const urgent = (form, answers) =>
  form.urgent.some((rule) =>
    Object.entries(rule).every(([name, codes]) => chosen(answers, name).some((code) => codes.includes(code))),
  );

export const steps = (form, answers) => form.steps.filter(([name, code]) => chosen(answers, name).includes(code));

// The letter taken apart for sealing. arrivedAt: the minute, which lies sealed among the flags.
export function split(form, answers, arrivedAt) {
  const parts = {};
  for (const kind of ["story", "flags", "safe_contact", "tally", "identity"]) parts[kind] = { form: form.form };
  for (const field of form.fields) {
    if (answers[field.name] === undefined) continue;
    for (const kind of field.compartments) if (kind !== "tally") parts[kind][field.name] = answers[field.name];
  }
  Object.assign(parts.tally, coarse(form, answers));
  parts.flags.arrived_at = arrivedAt;
  return parts;
}

// What a custodian may count. Without consent, which nobody can give for another: the total alone.
function coarse(form, answers) {
  const agreed = answers.consent_stats === true;
  const tally = { consent_stats: agreed };
  for (const field of form.fields) {
    if (!field.compartments.includes("tally") || field.kind === "tick") continue;
    if (!agreed && !field.always_counted) continue;
    const codes = chosen(answers, field.name);
    const words = field.options.filter(([code, word]) => word && codes.includes(code)).map(([, word]) => word);
    const found = [...new Set(words)].sort();
    if (found.length) tally[field.name] = field.kind === "many" ? found : found[0];
  }
  return tally;
}
