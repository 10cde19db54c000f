// The way to the files, from a screen of this page that holds the receipt. What seals files is fetched when it is
// wanted, so that a first visit stays light. Where it cannot be had, the page says so; the other way is a button.

let box = null; // the panel, once it is open: it stays while the screen around it is made anew

// section: the place on the screen; keys: { digits, token, seed }; opened: what to do when files can be chosen there.
export function fileDoor(section, keys, opened = () => {}) {
  if (!section) return;
  if (box) return section.replaceChildren(box);
  const button = section.querySelector("[data-open]");
  const line = section.querySelector("[data-working]");
  const unable = section.querySelector("[data-unable]");
  const other = unable.querySelector("form");
  other.addEventListener("submit", () => (other.elements.receipt.value = keys.digits));
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    unable.hidden = true;
    line.textContent = line.dataset.opening;
    try {
      const script = await import(section.dataset.script);
      box = await script.open(section.dataset.panel, keys);
      section.replaceChildren(box);
      opened();
      box.querySelector("h2").focus();
    } catch {
      unable.hidden = false;
      button.removeAttribute("aria-disabled");
      line.textContent = "";
      unable.querySelector("h3").focus();
    }
  });
}

// On to the next screen with a panel that is open: files may be on their way.
export function filesGoOn(screen) {
  if (box) screen.append(box);
}

export function forgetFiles() {
  box?.replaceChildren();
  box = null;
}
