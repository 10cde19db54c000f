// What a file is, by its first bytes and never by its name: intake/files/kinds.py.

export const HEAD = 65_536;
export const PICTURES = ["jpg", "png", "webp", "gif", "heic"];

const STARTS = [
  ["\xff\xd8\xff", "jpg"],
  ["\x89PNG\r\n\x1a\n", "png"],
  ["GIF87a", "gif"],
  ["GIF89a", "gif"],
  ["%PDF-", "pdf"],
  ["OggS", "ogg"],
  ["fLaC", "flac"],
  ["#!AMR", "amr"],
  ["ID3", "mp3"],
  ["\x1aE\xdf\xa3", "webm"],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc"],
];
const RIFF = { WEBP: "webp", WAVE: "wav", "AVI ": "avi" };
const BRANDS = {
  heic: "heic", heix: "heic", mif1: "heic", "M4A ": "m4a", "qt  ": "mov", "3gp4": "3gp", "3gp5": "3gp", "3gp6": "3gp",
};
const ODF = { text: "odt", spreadsheet: "ods", presentation: "odp" };
const OOXML = { "word/": "docx", "xl/": "xlsx", "ppt/": "pptx" };

// head: the first bytes; size: of the whole file. The code of a kind that is taken, or "".
export function kindOf(head, size) {
  const text = Array.from(head, (byte) => String.fromCharCode(byte)).join("");
  for (const [start, code] of STARTS) if (text.startsWith(start)) return code;
  if (text.startsWith("RIFF")) return RIFF[text.slice(8, 12)] ?? "";
  if (text.slice(4, 8) === "ftyp") return BRANDS[text.slice(8, 12)] ?? "mp4";
  if (text.startsWith("PK\x03\x04")) return zipped(text);
  if (size > 4 && ["\xff\xfb", "\xff\xf3", "\xff\xf2"].includes(text.slice(0, 2))) return "mp3";
  return ["\xff\xf1", "\xff\xf9"].includes(text.slice(0, 2)) ? "aac" : "";
}

function zipped(text) {
  if (text.slice(30, 38) === "mimetype") {
    const name = text.slice(38, 120).split("application/vnd.oasis.opendocument.")[1] ?? "";
    return Object.entries(ODF).find(([word]) => name.startsWith(word))?.[1] ?? "";
  }
  if (!text.includes("[Content_Types].xml") && !text.includes("_rels/.rels")) return "";
  const found = Object.entries(OOXML).filter(([folder]) => text.includes(folder));
  return found.sort(([one], [other]) => text.indexOf(one) - text.indexOf(other))[0]?.[1] ?? "";
}
