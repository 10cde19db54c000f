// Follows work of which a page does some each time it is asked for. What says how far it is changes in its place, so that
// focus and reading stay where they are. Without scripts the page loads itself again. When it is done, or cannot go on,
// the server sends elsewhere: that answer is left unread, since what it has to say is said once.
const place = document.querySelector("[data-again]");

async function further() {
  const answer = await fetch(location.href, { redirect: "manual" });
  const page = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page && page.querySelector("[data-again]");
  if (!now) return location.replace(place.dataset.again);
  document.title = page.title;
  place.replaceChildren(...now.childNodes);
  setTimeout(follow, 300);
}

function follow() {
  // The connection may be gone for a moment; the way to go on by hand stands on the page.
  further().catch(() => setTimeout(follow, 3000));
}

if (place) setTimeout(follow, 300);
