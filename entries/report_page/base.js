"use strict";
// The data, and how values become text. `shown` is what the results declare of themselves: docs/report.md.
const data = JSON.parse(document.getElementById("data").textContent);
const runs = data.runs;
const shown = data.shown;
const TABLE = {columns: [{value: "name"}], ...shown.table};
const UNKNOWN = "unknown";
const compare = new Intl.Collator("en", {numeric: true}).compare;
const distinct = values => [...new Set(values)].sort(compare);
const text = value => value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
const figure = value => typeof value !== "number" ? text(value) : value.toLocaleString("en", Number.isInteger(value) ? {} : {maximumSignificantDigits: 6});
const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
const listed = value => value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
// A member of a value: "a.b". What is declared of a figure, with what a column or a plot says beside it.
const at = (value, path) => path.split(".").reduce((found, name) => found?.[name], value) ?? null;
const whole = said => said.figure ? {value: said.figure, ...shown.figures?.[said.figure], ...said} : said;
const scale = said => shown.units?.[said.unit] ?? 1;
const among = (run, conditions) => Object.entries(conditions || {}).every(([name, values]) => listed(values).includes(run[name]));
const doubtful = (run, said) => Object.entries(said.doubtful || shown.doubtful || {}).some(([name, values]) => listed(values).includes(run[name]));
const told = (run, names) => listed(names).map(name => text(at(run, name))).filter(Boolean).join(" ");

function measured(run, said) {
  const value = at(run, said.value);
  if (typeof value !== "number") return text(said.missing);
  const unit = said.unit_of ? text(run[said.unit_of]) : text(said.unit);
  const count = said.count && run[said.count] ? `, n=${run[said.count]}` : "";
  return `${figure(value / scale(said))} ${unit}`.trim() + count;
}

function interval(run, said) {
  const ends = (said.ends || []).map(path => at(run, path));
  return ends.length && ends.every(end => typeof end === "number") ? ends.map(end => end / scale(said)).join(" .. ") : "";
}

// By the declared order of a value's words, others behind it.
function ordered(values, name) {
  const order = shown.order?.[name] || [];
  const place = value => order.includes(value) ? order.indexOf(value) : order.length;
  return distinct(values).sort((a, b) => place(a) - place(b));
}

for (const run of runs) {
  for (const name of [shown.colour, shown.dash, TABLE.by]) if (name) run[name] = text(run[name]) || UNKNOWN;
  run.everything = Object.entries(run).filter(([name]) => !listed(shown.unsearched).includes(name)).map(([, value]) => text(value)).join(" ").toLowerCase();
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
