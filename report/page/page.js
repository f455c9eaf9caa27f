"use strict";
// Shows the mistakes of the chosen labels and words alone, a page of them at a time.
const page = 20;
for (const form of document.querySelectorAll("form.choose")) {
  const list = form.parentElement.querySelectorAll("article");
  const more = form.parentElement.querySelector("button.more");
  const count = form.querySelector("output");
  let most = page;
  const show = () => {
    const gold = form.elements.gold.value;
    const answer = form.elements.answer.value;
    const words = form.elements.words.value.toLowerCase();
    let found = 0;
    for (const a of list) {
      const on = (gold === "" || a.dataset.gold === gold) &&
        (answer === "" || a.dataset.answer === answer) &&
        (words === "" || a.textContent.toLowerCase().includes(words));
      a.hidden = !on || found >= most;
      if (on) found++;
    }
    const shown = Math.min(found, most);
    count.textContent = shown + " of " + found + " shown";
    more.hidden = shown === found;
  };
  form.addEventListener("input", () => { most = page; show(); });
  form.addEventListener("submit", (e) => e.preventDefault());
  more.addEventListener("click", () => { most += page; show(); });
  form.hidden = false;
  show();
}
