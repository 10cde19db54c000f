// Leaves at once: by the link, or by pressing Escape twice within a second.
// The page is emptied first, so nothing stays on the screen while the next one loads, and replaced, so that
// the back button does not return to it. It cannot erase the browser's history; the pages say so.
const link = document.querySelector("[data-exit]");
const word = document.querySelector("[data-exit-word]");

function leave() {
  document.title = "\u00a0";
  document.body.replaceChildren();
  location.replace(link.href);
}

let last = -Infinity;
function escape(event) {
  if (event.key !== "Escape" || event.isComposing) return;
  if (event.timeStamp - last < 1000) return leave();
  last = event.timeStamp;
  if (word) word.textContent = link.dataset.exit;
  setTimeout(() => word && (word.textContent = ""), 1000);
}

if (link) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });
  addEventListener("keydown", escape);
  // Browsers keep a page in memory for the back button even where told not to store it. What is kept is empty, and
  // who comes back gets the page from its start: asked for anew and never sent again, as reloading would.
  addEventListener("pagehide", (event) => event.persisted && document.body.replaceChildren());
  addEventListener("pageshow", (event) => event.persisted && location.replace(location.pathname));
}
