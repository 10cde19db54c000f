// Small things every screen needs: templates of the page, where the focus goes, and what happens on leaving.

export const template = (name) => document.getElementById(`t-${name}`).content.cloneNode(true);

// A new screen starts at its top, and a screen reader at its heading.
export function shown(heading) {
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  scrollTo(0, 0);
}

// A warning before leaving with something written; never on the way out by "leave now" (that page is emptied
// first), by a call for help, or by a deed of this page that leaves. Nothing is left behind for the back button.
export function leaving({ at_stake, forget }) {
  addEventListener("click", (event) => {
    if (!event.target.closest?.('a[href^="tel:"]')) return;
    leaving.now = true;
    setTimeout(() => (leaving.now = false), 1000);
  });
  addEventListener("beforeunload", (event) => {
    if (leaving.now || !document.querySelector("main") || !at_stake()) return;
    event.preventDefault();
    event.returnValue = "";
  });
  addEventListener("pagehide", forget);
}
leaving.now = false;
