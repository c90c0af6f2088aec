// Tables: the results by the value that is declared for it, machines, packages.
const mark = word => element("span", {className: `mark ${shown.marks?.[word] || ""}`, textContent: word});
const cellOf = (className, textContent, title) => element("td", {className, textContent, ...title && {title}});

// Of each kind of column: what it is sorted by, and its cell.
const KINDS = {
  text: [(run, said) => at(run, said.value), (run, said) => text(at(run, said.value)) || text(said.missing)],
  figure: [(run, said) => at(run, said.value), measured],
  interval: [(run, said) => at(run, said.ends[0]), interval],
  percentile: [percentile, (run, said) => figure(percentile(run, said))],
  day: [(run, said) => at(run, said.value), (run, said) => text(at(run, said.value)).slice(0, 10)],
  marks: [(run, said) => told(run, said.values), null],
};
const NUMBERS = ["figure", "interval", "percentile"];

function percentile(run, said) {
  const found = (at(run, said.value) || []).find(([place]) => place === said.at);
  return found ? Number((found[1] / scale(said)).toPrecision(said.digits || 4)) : null;
}

function marksOf(run, said) {
  const words = said.values.map(name => text(run[name])).filter(Boolean);
  return element("td", {title: told(run, said.pointed)}, ...(words.length ? words : [UNKNOWN]).map(mark));
}

const COLUMNS = TABLE.columns.map(each => {
  const said = whole(each);
  const kind = said.kind in KINDS ? said.kind : "text";
  const style = NUMBERS.includes(kind) ? "number" : said.style || (kind === "day" ? "day" : "");
  const pointed = said.pointed || (kind === "day" ? said.value : null);
  return {title: said.title || said.value, style, key: run => KINDS[kind][0](run, said),
    cell: run => kind === "marks" ? marksOf(run, said) : cellOf(style, KINDS[kind][1](run, said), pointed && told(run, pointed))};
});
const order = {column: null, down: false};

function sorted(rows) {
  if (order.column === null) return rows;
  const value = run => COLUMNS[order.column].key(run) ?? null;
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    const found = typeof x === "number" && typeof y === "number" ? x - y : compare(text(x), text(y));
    return order.down ? -found : found;
  });
}

function heading({title, style}, place) {
  const arrow = order.column === place ? (order.down ? " ↓" : " ↑") : "";
  const made = element("th", {textContent: title + arrow, className: style === "number" ? style : "", scope: "col", tabIndex: 0});
  const click = () => { order.down = order.column === place && !order.down; order.column = place; draw(); };
  made.addEventListener("click", click);
  made.addEventListener("keydown", event => { if (event.key === "Enter") click(); });
  return made;
}

function tables(passing) {
  const {by, counted: wanted, notes} = TABLE;
  const place = document.getElementById("results");
  place.replaceChildren(element("h2", {textContent: "Results"}));
  for (const group of by ? ordered(runs.map(run => run[by]), by) : [null]) {
    const rows = sorted(passing.filter(run => !by || run[by] === group));
    if (!rows.length) continue;
    const body = element("tbody", {}, ...rows.map(run => element("tr", {className: "run"}, ...COLUMNS.map(each => each.cell(run)))));
    const words = [counted(rows.length, "result")];
    if (wanted) words.push(`${rows.filter(run => listed(wanted.among).includes(run[wanted.value])).length} ${wanted.title}`);
    place.append(element("h3", {textContent: (group === null ? "" : `${group}: `) + words.join(", ")}),
      element("div", {className: "rows"}, element("table", {}, element("thead", {}, element("tr", {}, ...COLUMNS.map(heading))), body)));
  }
  for (const note of listed(notes)) if (passing.some(run => at(run, note.value) !== null)) place.append(element("p", {textContent: note.text}));
  if (!passing.length) place.append(element("div", {className: "nothing", textContent: "Nothing passes the filters."}));
}

function machines(passing) {
  const place = document.getElementById("machines");
  const used = distinct(passing.map(run => run.machine_place).filter(each => each !== null));
  const names = ["name", "cpu", "cores", "memory", "accelerators", "os", "kernel", "architecture"];
  const value = (machine, name) => name === "memory" ? (machine.memory_bytes ? `${(machine.memory_bytes / 2 ** 30).toFixed(1)} GiB` : "")
    : name === "accelerators" ? (machine.accelerators || []).map(text).join(", ") || "none" : text(machine[name]);
  place.replaceChildren(element("h2", {textContent: "Machines"}), element("table", {},
    element("thead", {}, element("tr", {}, ...names.map(name => element("th", {textContent: name})), element("th", {textContent: "results"}))),
    element("tbody", {}, ...used.map(each => element("tr", {}, ...names.map(name => cellOf("", value(data.machines[each], name))),
      cellOf("number", figure(passing.filter(run => run.machine_place === each).length)))))));
}

function packages(passing) {
  const place = document.getElementById("packages");
  place.replaceChildren(element("h2", {textContent: "Packages"}));
  for (const each of distinct(passing.map(run => run.packages_place).filter(found => found !== null))) {
    const by = passing.filter(run => run.packages_place === each);
    const who = shown.colour ? ` (${distinct(by.map(run => run[shown.colour])).join(", ")})` : "";
    place.append(element("details", {open: each === 0},
      element("summary", {textContent: `${counted(by.length, "result")}${who}: ${data.packages[each].length} packages`}),
      element("div", {className: "columns"}, ...data.packages[each].map(name => element("div", {textContent: name})))));
  }
  if (place.childElementCount === 1) place.append(element("p", {textContent: "The records of these results name no Python packages."}));
}
