// The page: filters, and drawing what passes them.
const chosen = {};
let typed = "";
const FILTERS = listed(shown.filters).map(said => typeof said === "string" ? {title: said, value: said} : said);
const filtered = (run, {value, missing}) => text(run[value]) || missing || UNKNOWN;

function passes(run) {
  return FILTERS.every(said => !chosen[said.title] || filtered(run, said) === chosen[said.title])
    && typed.toLowerCase().split(/\s+/).every(part => run.everything.includes(part));
}

function draw() {
  const passing = runs.filter(passes);
  document.getElementById("shown").textContent = `${passing.length} of ${runs.length} results`;
  tables(passing);
  plots(passing);
  machines(passing);
  packages(passing);
}

function controls() {
  const form = document.getElementById("filters");
  form.addEventListener("submit", event => event.preventDefault());
  for (const said of FILTERS) {
    const values = distinct(runs.map(run => filtered(run, said)));
    const select = element("select", {name: said.title, id: `filter-${said.title}`}, element("option", {value: "", textContent: "all"}),
      ...values.map(each => element("option", {value: each, textContent: each})));
    select.addEventListener("change", () => { chosen[said.title] = select.value; draw(); });
    form.append(element("label", {textContent: said.title}, select));
  }
  const search = element("input", {type: "search", name: "text", id: "filter-text", placeholder: "name, version, reason ..."});
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { typed = search.value; draw(); }, 150);
  });
  const reset = element("button", {type: "reset", textContent: "all"});
  form.addEventListener("reset", () => { for (const name of Object.keys(chosen)) delete chosen[name]; typed = ""; setTimeout(draw); });
  form.append(element("label", {textContent: "text"}, search), reset, element("span", {id: "shown"}));
}

document.getElementById("title").textContent = data.title;
document.getElementById("about").textContent = data.about;
sections();
controls();
draw();
document.body.dataset.ready = "yes";
