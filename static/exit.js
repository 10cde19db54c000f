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
  // A page kept in the browser's memory must not come back with what was typed in it.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
