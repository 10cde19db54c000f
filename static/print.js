// Shows the print buttons, which are hidden where there are no scripts to make them work.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
