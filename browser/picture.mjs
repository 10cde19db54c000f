// A picture drawn anew, as intake/files/cleaner.py does on the server: what is seen stays, everything told beside it
// (place, time, camera, comments, what is hung on behind) goes.

const FORMS = { jpg: "image/jpeg", webp: "image/jpeg", heic: "image/jpeg", png: "image/png", gif: "image/png" };
const CODES = { "image/jpeg": "jpg", "image/png": "png" };
const QUALITY = 0.9;
const PIXELS = 16_000_000; // what every browser's canvas holds; larger ones become smaller
const NOISE = 8; // a browser that hides which one it is shifts colours by a little; nobody sees that

// { blob, kind }, or null where this browser cannot make the copy: then nothing is sent in its place. most: bytes.
export async function drawnAnew(file, code, most) {
  const form = FORMS[code];
  if (!form || !(await truthful())) return null;
  try {
    const seen = await createImageBitmap(file);
    const small = Math.min(1, Math.sqrt(PIXELS / (seen.width * seen.height)));
    const canvas = blank(Math.max(1, Math.floor(seen.width * small)), Math.max(1, Math.floor(seen.height * small)));
    const pen = canvas.getContext("2d");
    if (form === "image/jpeg") {
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
    }
    pen.drawImage(seen, 0, 0, canvas.width, canvas.height);
    seen.close();
    let drawn = await written(canvas, form);
    if (drawn.size > most) drawn = await written(canvas, "image/jpeg");
    canvas.width = canvas.height = 0; // gives the memory back at once
    return drawn.size && drawn.size <= most ? { blob: drawn, kind: CODES[drawn.type] } : null;
  } catch {
    return null;
  }
}

const blank = (width, height) => Object.assign(document.createElement("canvas"), { width, height });

async function written(canvas, form) {
  const blob = await new Promise((done) => canvas.toBlob(done, form, QUALITY));
  if (!CODES[blob?.type]) throw new Error("form");
  return blob;
}

// Browsers that resist being recognised give back noise instead of what was drawn: found out by drawing.
async function truthful() {
  try {
    const canvas = blank(8, 8);
    const pen = canvas.getContext("2d");
    const colours = [[200, 40, 30], [20, 160, 60], [30, 60, 210], [250, 250, 250]];
    colours.forEach(([red, green, blue], at) => {
      pen.fillStyle = `rgb(${red} ${green} ${blue})`;
      pen.fillRect((at % 2) * 4, Math.floor(at / 2) * 4, 4, 4);
    });
    const again = await createImageBitmap(await written(canvas, "image/png"));
    pen.clearRect(0, 0, 8, 8);
    pen.drawImage(again, 0, 0);
    return colours.every((colour, at) => {
      const found = pen.getImageData((at % 2) * 4 + 1, Math.floor(at / 2) * 4 + 1, 1, 1).data;
      return colour.every((value, channel) => Math.abs(value - found[channel]) <= NOISE);
    });
  } catch {
    return false;
  }
}
