// Papers are typed in without a mouse: Enter goes to the next box, and a number that can only be whole goes on by itself.
const form = document.querySelector("[data-paper]");
const boxes = [...form.querySelectorAll("input:not([type=hidden])")];
const send = form.querySelector("#send");

function next(box) {
  const place = boxes.indexOf(box) + 1;
  (boxes[place] ?? send).focus();
  boxes[place]?.select();
}

for (const box of boxes) {
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    next(box);
  });
  box.addEventListener("input", () => {
    const most = Number(box.dataset.most), typed = Number(box.value);
    // With ten choices or more a "1" may still become "12".
    if (/^\d+$/.test(box.value) && typed >= 1 && typed <= most && typed * 10 > most) next(box);
  });
}

(form.querySelector("[aria-invalid=true]") ?? (document.querySelector(".error-summary") ? null : boxes[0]))?.focus();
