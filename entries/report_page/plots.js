// Plots, by the kind that is declared: points, percentiles, boxes, attempts.
const COLOURS = ["#1f77b4", "#e07b1a", "#2a9d5c", "#c33c3c", "#7d5bbe", "#8a5a44", "#d05fa6", "#6b7280", "#a8a117", "#17a2b3"];
const DASHES = ["solid", "dot", "dash", "dashdot"];
const LAYOUT = {
  font: {family: "system-ui, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif", size: 12, color: "#1c2430"},
  margin: {l: 70, r: 20, t: 10, b: 60}, hovermode: "closest", paper_bgcolor: "#fff", plot_bgcolor: "#fff", showlegend: true,
  legend: {orientation: "h", y: 1.02, yanchor: "bottom", x: 0},
};
const AXIS = {gridcolor: "#e8ebf0", zeroline: false, automargin: true, linecolor: "#c3cad4"};
const CONFIG = {responsive: true, displaylogo: false, modeBarButtons: [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]], toImageButtonOptions: {format: "png", scale: 2}};
const NOTHING = "No result here.";
// Plotly reads a little HTML in its labels: what entries say is shown as it is.
const plain = value => text(value).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const axis = (title, more) => ({...AXIS, title: {text: plain(title)}, ...more});
const titled = said => said.axis || said.unit || "";
const dense = own => own.length > 50 ? 0.4 : 1;
const group = run => shown.colour ? run[shown.colour] : "";
const groups = distinct(runs.map(group));
const colour = run => COLOURS[groups.indexOf(group(run)) % COLOURS.length];
const dash = run => shown.dash ? DASHES[Math.max(0, (shown.order?.[shown.dash] || []).indexOf(run[shown.dash])) % DASHES.length] : DASHES[0];
const hover = (run, said) => (said.hover || shown.hover || ["name"]).map(names => plain(told(run, names))).filter(Boolean);
const coloured = (those, make) => groups.map(name => those.filter(run => group(run) === name)).filter(own => own.length).map(make);

function plot(id, traces, layout) {
  const place = document.getElementById(id);
  if (!traces.length) {
    Plotly.purge(place);
    place.classList.add("nothing");
    place.textContent = NOTHING;
    return;
  }
  if (place.classList.contains("nothing")) {
    place.classList.remove("nothing");
    place.textContent = "";
  }
  Plotly.react(place, traces, {...LAYOUT, ...layout}, CONFIG);
}

// A point for each result, with the ends of its spread or interval; `once`: one for those that share a value.
function points(said, passing) {
  const number = run => typeof at(run, said.value) === "number";
  const all = passing.filter(run => number(run) && among(run, said.when));
  const those = said.once ? [...new Map(all.map(run => [run[said.once] || run.name, run])).values()] : all;
  const value = run => at(run, said.value) / scale(said);
  const end = (run, place) => { const found = said.ends && at(run, said.ends[place]); return typeof found === "number" ? found / scale(said) : value(run); };
  const says = run => [...hover(run, said), plain(measured(run, said)), ...said.interval && interval(run, said) ? [plain(`${said.interval}: ${interval(run, said)}`)] : []];
  const traces = coloured(those, own => ({
    type: "scatter", mode: "markers", name: plain(group(own[0])), opacity: dense(own),
    x: said.across.length > 1 ? said.across.map(names => own.map(run => plain(told(run, names)))) : own.map(run => plain(told(run, said.across[0]))),
    y: own.map(value), text: own.map(run => says(run).join("<br>")), hovertemplate: "%{text}<extra></extra>",
    marker: {color: colour(own[0]), size: 10, line: {width: 2, color: colour(own[0])}, symbol: own.map(run => doubtful(run, said) ? "circle-open" : "circle")},
    error_y: {type: "data", symmetric: false, thickness: 1.5, visible: own.some(run => said.ends && at(run, said.ends[0]) !== null),
      array: own.map(run => end(run, 1) - value(run)), arrayminus: own.map(run => value(run) - end(run, 0))},
  }));
  plot(said.name, traces, {xaxis: axis("", {type: said.across.length > 1 ? "multicategory" : "category"}), yaxis: axis(titled(said), said.from_zero ? {rangemode: "tozero"} : {})});
}

// The distance from 100 % in powers of ten, so that 99 and 99.9 have as much room as 90.
const LAST = 3.5;
const TICKS = [0, 50, 90, 95, 99, 99.9, 100];
const along = place => Math.min(LAST, place >= 100 ? LAST : -Math.log10(1 - place / 100));
const percent = (place, space) => place >= 100 ? "max" : place <= 0 ? "min" : `${place}${space}%`;

// A line for each result, of [percentile, value] pairs. One trace a group, with gaps between its lines: a thousand
// traces would be slow.
function percentiles(said, passing) {
  const found = new Map();
  for (const run of passing.filter(each => at(each, said.value))) {
    const name = told(run, said.by);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(run);
  }
  const traces = [...found.entries()].sort((a, b) => compare(a[0], b[0])).map(([name, own]) => {
    const all = own.flatMap(run => [...at(run, said.value).map(([place, value]) => [along(place), value / scale(said),
      `${plain(run.name)}<br>${percent(place, " ")}: ${figure(value / scale(said))} ${plain(said.unit)}`]), [null, null, null]]);
    return {type: "scatter", mode: "lines+markers", name: plain(name), connectgaps: false, opacity: dense(own), hovertemplate: "%{text}<extra></extra>",
      x: all.map(each => each[0]), y: all.map(each => each[1]), text: all.map(each => each[2]),
      line: {color: colour(own[0]), width: 1.5, dash: dash(own[0])}, marker: {size: 5}};
  });
  plot(said.name, traces, {
    xaxis: axis("percentile", {tickvals: TICKS.map(along), ticktext: TICKS.map(place => percent(place, " ")), range: [-0.1, LAST + 0.1]}),
    yaxis: axis(titled(said), {type: "log"}),
  });
}

// Quartiles (a value with n, min, q1, median, q3, max) in per cent of the median, and the figures that they are of.
function boxes(said, passing) {
  const traces = passing.filter(run => at(run, said.value)?.median).map(run => {
    const of = at(run, said.value);
    const share = value => 100 * value / of.median;
    const values = (at(run, said.points[0]) || []).map(each => at(each, said.points[1])).filter(value => typeof value === "number");
    return {type: "box", name: plain(run.name), hovertext: plain(run.name), y: [(values.length ? values : [of.min, of.max]).map(share)],
      x: [`${plain(said.across.map(names => told(run, names)).join(" "))}<br>${plain(run.name.slice(-10))}, n=${of.n}`], q1: [share(of.q1)], median: [100], q3: [share(of.q3)],
      lowerfence: [share(of.min)], upperfence: [share(of.max)], boxpoints: "all", pointpos: 0, jitter: 0.4,
      marker: {color: colour(run), size: 6}, showlegend: false};
  });
  plot(said.name, traces, {xaxis: axis("", {type: "category"}), yaxis: axis(titled(said))});
}

// What each attempt of a search was told and what it measured: {unit, chosen, attempts: [{number, entry, purpose, target,
// figure, valid, verdict}]}. A plot for each result that has one.
function attempts(said, passing) {
  const place = document.getElementById(said.name);
  const own = passing.filter(run => at(run, said.value));
  place.querySelectorAll(".plot").forEach(each => Plotly.purge(each));
  place.className = own.length ? "" : "nothing";
  place.replaceChildren(...own.length ? own.flatMap((run, number) => [element("h3", {textContent: run.name}),
    element("div", {className: "plot", id: `${said.name}-${number}`})]) : [NOTHING]);
  own.forEach((run, number) => attemptsOf(`${said.name}-${number}`, said, at(run, said.value)));
}

function attemptsOf(id, said, {unit, chosen: taken, attempts: all}) {
  const word = each => plain(said.words[each.valid ? "good" : "bad"]);
  const series = (name, those, value, more) => ({type: "scatter", mode: "markers", name, x: those.map(each => each.number), y: those.map(value),
    text: those.map(each => `${plain(each.entry)}<br>${plain(each.verdict)}`), hovertemplate: "%{text}<br>%{y:.6g}<extra></extra>", ...more});
  const marked = (valid, symbol, shade) => series(word({valid}), all.filter(each => each.valid === valid), each => each.figure,
    {marker: {color: shade, size: 11, symbol}});
  const traces = [series(plain(said.words.told), all, each => each.target, {mode: "lines+markers", line: {color: "#6b7280", dash: "dot", width: 1}, marker: {color: "#6b7280", size: 5}}),
    marked(true, "circle", "#2a9d5c"), marked(false, "x", "#c33c3c")].filter(each => each.x.length);
  if (typeof taken === "number") traces.push({type: "scatter", mode: "lines", name: `chosen: ${figure(taken)} ${plain(unit)}`,
    x: [0.5, all.length + 0.5], y: [taken, taken], line: {color: "#1f5fa8", width: 1.5, dash: "dash"}, hoverinfo: "name"});
  plot(id, traces, {yaxis: axis(unit, {rangemode: "tozero"}), xaxis: axis("attempt", {tickvals: all.map(each => each.number),
    ticktext: all.map(each => `${each.number}<br>${plain(each.purpose)}<br>${word(each)}`)})});
}

const DRAWN = {points, percentiles, boxes, attempts};
const UNSAID = {across: [["name"]], by: ["name"], points: ["", ""], words: {told: "told", good: "good", bad: "bad"}};
const PLOTS = listed(shown.plots).map(said => ({...UNSAID, ...whole(said)}));

// A section for each plot, between the results and the machines; a kind that this page does not know is said.
function sections() {
  for (const said of PLOTS) {
    const place = element("div", {id: said.name, className: said.kind === "attempts" ? "" : `plot${said.kind === "percentiles" ? " tall" : ""}`});
    if (!(said.kind in DRAWN)) Object.assign(place, {className: "nothing", textContent: `This page draws no plots of the kind '${text(said.kind)}'.`});
    document.getElementById("machines").before(element("section", {}, element("h2", {textContent: text(said.title)}), element("p", {textContent: text(said.text)}), place));
  }
}

function plots(passing) {
  for (const said of PLOTS) if (said.kind in DRAWN) DRAWN[said.kind](said, passing);
}
