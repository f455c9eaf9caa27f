"use strict";
// Shows the mistakes of the chosen labels and words alone.
for (const form of document.querySelectorAll("form.choose")) {
  const list = form.parentElement.querySelectorAll("article");
  const count = form.querySelector("output");
  const show = () => {
    const gold = form.elements.gold.value;
    const answer = form.elements.answer.value;
    const words = form.elements.words.value.toLowerCase();
    let shown = 0;
    for (const a of list) {
      const on = (gold === "" || a.dataset.gold === gold) &&
        (answer === "" || a.dataset.answer === answer) &&
        (words === "" || a.textContent.toLowerCase().includes(words));
      a.hidden = !on;
      if (on) shown++;
    }
    count.textContent = shown + " of " + list.length + " shown";
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (e) => e.preventDefault());
  form.hidden = false;
  show();
}
