"use strict";
// The page is complete without this script: it adds filters, copying and keys. Stories open by their address alone.
const form = document.querySelector(".filters");

function columnNames(table, index) {
  return [...table.tHead.rows].map(row => row.cells[index].textContent);
}

function filter() {
  const { family, verdict, implementation, text } = Object.fromEntries(new FormData(form));
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const table of document.querySelectorAll(".matrix")) {
    const section = table.closest(".family");
    const used = new Set();
    for (const row of table.tBodies[0].rows) {
      let any = false;
      const said = row.textContent.toLowerCase();
      const wanted = (!family || section.dataset.family === family) && words.every(word => said.includes(word));
      for (const cell of [...row.cells].slice(1)) {
        const right = !implementation || columnNames(table, cell.cellIndex).includes(implementation);
        for (const link of cell.querySelectorAll("a")) {
          const on = wanted && right && (!verdict || link.dataset.v === verdict);
          link.classList.toggle("off", !on);
          if (on) { any = true; shown += 1; used.add(cell.cellIndex); }
        }
      }
      row.hidden = !any;
    }
    for (const row of table.rows) for (const cell of [...row.cells].slice(1)) cell.hidden = !used.has(cell.cellIndex);
    table.parentElement.hidden = !used.size;
    section.hidden = !section.querySelector(".scroll:not([hidden])");
  }
  form.querySelector("output").textContent = `${shown} verdicts shown`;
}

function copyable(code) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
    button.textContent = "copied";
  });
  code.after(button);
}

let opener = null;
function opened() {
  const story = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!story?.matches(".story")) return;
  if (!story.querySelector("button")) story.querySelectorAll("dd code").forEach(copyable);
  opener = document.activeElement?.matches("a[href]") ? document.activeElement : opener;
  story.focus({ preventScroll: true });
}

function close() {
  location.hash = "#-";
  opener?.focus({ preventScroll: true });
}

form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("reset", () => setTimeout(filter));
form.addEventListener("submit", event => event.preventDefault());
document.querySelectorAll("[data-show]").forEach(button => button.addEventListener("click", () => {
  form.elements.verdict.value = button.dataset.show;
  filter();
  form.scrollIntoView();
}));
document.querySelectorAll(".close").forEach(link => link.addEventListener("click", event => {
  event.preventDefault();
  close();
}));
addEventListener("hashchange", opened);
addEventListener("keydown", event => {
  if (event.key === "Escape" && document.querySelector(".story:target")) close();
  if (event.key === "/" && !event.target.matches("input, select")) {
    event.preventDefault();
    form.elements.text.focus();
  }
});
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(each => { each.open = true; }));
filter();
opened();
