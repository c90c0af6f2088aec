"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const runs = data.runs;
  const COLOURS = ["#1f77b4", "#e07b1a", "#2a9d5c", "#c33c3c", "#7d5bbe", "#8a5a44", "#d05fa6", "#6b7280", "#a8a117", "#17a2b3"];
  const SCENARIOS = ["Offline", "Server", "SingleStream", "MultiStream"];
  const RATES = ["Offline", "Server"];
  const UNKNOWN = "unknown";
  const FILTERS = {
    framework: run => run.framework, model: run => run.model, scenario: run => run.scenario, mode: run => run.mode,
    machine: run => run.machine, verdict: run => run.word, noise: run => run.noisy ? "NOISY" : "quiet",
  };
  const chosen = {};
  const compare = new Intl.Collator("en", {numeric: true}).compare;
  const distinct = values => [...new Set(values)].sort(compare);
  const text = value => value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  // Plotly reads a little HTML in its labels: what entries say is shown as it is.
  const plain = value => text(value).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const figure = value => typeof value !== "number" ? text(value) : value.toLocaleString("en", Number.isInteger(value) ? {} : {maximumSignificantDigits: 6});

  for (const run of runs) {
    run.word = (text(run.verdict).match(/SUBMITTABLE|INVALID|VALID/) || [UNKNOWN])[0];
    run.framework = text(run.framework) || UNKNOWN;
    run.scenario = text(run.scenario) || UNKNOWN;
    run.everything = Object.entries(run).filter(([name]) => name !== "latency").map(([, value]) => text(value)).join(" ").toLowerCase();
  }
  const frameworks = distinct(runs.map(run => run.framework));
  const colour = framework => COLOURS[frameworks.indexOf(framework) % COLOURS.length];
  const scenarios = distinct(runs.map(run => run.scenario)).sort((a, b) => (SCENARIOS.indexOf(a) + 9) % 9 - (SCENARIOS.indexOf(b) + 9) % 9);

  function element(tag, properties, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  // ------------------------------------------------------------------ tables
  const mark = word => element("span", {className: `mark ${/^[A-Z]+$/.test(word) ? word : ""}`, textContent: word});

  function verdict(run) {
    const cell = element("td", {title: text(run.verdict)}, mark(run.word));
    if (run.noisy) cell.append(mark("NOISY"));
    return cell;
  }

  function accuracy(run) {
    if (typeof run.accuracy !== "number") return "accuracy unknown";
    return `${figure(run.accuracy)} %` + (run.samples ? `, n=${run.samples}` : "");
  }

  const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const number = value => element("td", {className: "number", textContent: figure(value)});
  const word = value => element("td", {textContent: text(value)});
  const percentile = (run, wanted) => {
    const found = (run.latency || []).find(([at]) => at === wanted);
    return found ? Number((found[1] / 1e6).toPrecision(4)) : null;
  };
  const COLUMNS = [
    ["name", run => run.name, run => element("td", {className: "name", textContent: run.name, title: text(run.title)})],
    ["mode", run => run.mode, run => word(run.mode)],
    ["framework", run => run.framework, run => word(run.framework)],
    ["model", run => run.model, run => word(run.model)],
    ["performance", run => run.performance, run => number(typeof run.performance === "number" ? `${figure(run.performance)} ${text(run.unit)}` : ""), "number"],
    ["MLPerf's score (unverified)", run => run.score, run => number(typeof run.score === "number" ? `${figure(run.score)} ${text(run.unit)}` : ""), "number"],
    ["p50 ms", run => percentile(run, 50), run => number(percentile(run, 50)), "number"],
    ["p99 ms", run => percentile(run, 99), run => number(percentile(run, 99)), "number"],
    ["verdict", run => run.word + (run.noisy ? " NOISY" : ""), verdict],
    ["accuracy", run => run.accuracy, run => element("td", {className: "number", textContent: accuracy(run), title: text(run.accuracy_from)}), "number"],
    ["95 % interval", run => run.accuracy_low, run => element("td", {className: "number",
      textContent: typeof run.accuracy_low === "number" ? `${run.accuracy_low} .. ${run.accuracy_high}` : ""}), "number"],
    ["machine", run => run.machine, run => element("td", {className: "machine", textContent: text(run.machine)})],
    ["made", run => run.made, run => element("td", {className: "made", textContent: text(run.made).slice(0, 10), title: text(run.made)})],
  ];
  const order = {column: null, down: false};

  function sorted(shown) {
    if (order.column === null) return shown;
    const key = COLUMNS[order.column][1];
    const value = run => key(run) ?? null;
    return [...shown].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      const found = typeof x === "number" && typeof y === "number" ? x - y : compare(text(x), text(y));
      return order.down ? -found : found;
    });
  }

  function heading([title, , , kind], place) {
    const arrow = order.column === place ? (order.down ? " ↓" : " ↑") : "";
    const made = element("th", {textContent: title + arrow, className: kind || "", scope: "col", tabIndex: 0});
    const click = () => { order.down = order.column === place && !order.down; order.column = place; draw(); };
    made.addEventListener("click", click);
    made.addEventListener("keydown", event => { if (event.key === "Enter") click(); });
    return made;
  }

  function tables(shown) {
    const place = document.getElementById("results");
    place.replaceChildren(element("h2", {textContent: "Results"}));
    for (const scenario of scenarios) {
      const rows = sorted(shown.filter(run => run.scenario === scenario));
      if (!rows.length) continue;
      const body = element("tbody", {}, ...rows.map(run => element("tr", {className: "run"}, ...COLUMNS.map(([, , cell]) => cell(run)))));
      const valid = rows.filter(run => run.word === "VALID" || run.word === "SUBMITTABLE").length;
      place.append(element("h3", {textContent: `${scenario}: ${counted(rows.length, "result")}, ${valid} VALID`}),
        element("div", {className: "rows"}, element("table", {}, element("thead", {}, element("tr", {}, ...COLUMNS.map(heading))), body)));
    }
    if (shown.some(run => typeof run.score === "number"))
      place.append(element("p", {textContent: "MLPerf's scores: results not verified by MLCommons Association."}));
    if (!shown.length) place.append(element("div", {className: "nothing", textContent: "Nothing passes the filters."}));
  }

  function machines(shown) {
    const place = document.getElementById("machines");
    const used = distinct(shown.map(run => run.machine_place).filter(each => each !== null));
    const names = ["name", "cpu", "cores", "memory", "accelerators", "os", "kernel", "architecture"];
    const value = (machine, name) => name === "memory" ? (machine.memory_bytes ? `${(machine.memory_bytes / 2 ** 30).toFixed(1)} GiB` : "")
      : name === "accelerators" ? (machine.accelerators || []).map(text).join(", ") || "none" : text(machine[name]);
    place.replaceChildren(element("h2", {textContent: "Machines"}), element("table", {},
      element("thead", {}, element("tr", {}, ...names.map(name => element("th", {textContent: name})), element("th", {textContent: "results"}))),
      element("tbody", {}, ...used.map(at => element("tr", {}, ...names.map(name => word(value(data.machines[at], name))),
        number(shown.filter(run => run.machine_place === at).length))))));
  }

  function packages(shown) {
    const place = document.getElementById("packages");
    place.replaceChildren(element("h2", {textContent: "Packages"}));
    for (const at of distinct(shown.map(run => run.packages_place).filter(each => each !== null))) {
      const by = shown.filter(run => run.packages_place === at);
      place.append(element("details", {open: at === 0},
        element("summary", {textContent: `${counted(by.length, "result")} (${distinct(by.map(run => run.framework)).join(", ")}): ${data.packages[at].length} packages`}),
        element("div", {className: "columns"}, ...data.packages[at].map(each => element("div", {textContent: each})))));
    }
    if (place.childElementCount === 1) place.append(element("p", {textContent: "The records of these results name no Python packages."}));
  }

  // ------------------------------------------------------------------- plots
  const LAYOUT = {
    font: {family: "system-ui, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif", size: 12, color: "#1c2430"},
    margin: {l: 70, r: 20, t: 10, b: 60}, hovermode: "closest", paper_bgcolor: "#fff", plot_bgcolor: "#fff", showlegend: true,
    legend: {orientation: "h", y: 1.02, yanchor: "bottom", x: 0},
  };
  const AXIS = {gridcolor: "#e8ebf0", zeroline: false, automargin: true, linecolor: "#c3cad4"};
  const axis = (title, more) => ({...AXIS, title: {text: title}, ...more});
  const CONFIG = {responsive: true, displaylogo: false, modeBarButtons: [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]], toImageButtonOptions: {format: "png", scale: 2}};

  function plot(id, traces, layout) {
    const place = document.getElementById(id);
    if (!traces.length) {
      Plotly.purge(place);
      place.classList.add("nothing");
      place.textContent = "No result here.";
      return;
    }
    if (place.classList.contains("nothing")) {
      place.classList.remove("nothing");
      place.textContent = "";
    }
    Plotly.react(place, traces, {...LAYOUT, ...layout}, CONFIG);
  }

  const hover = run => `${plain(run.name)}<br>${plain(run.word)}${run.noisy ? " NOISY" : ""}<br>${plain(run.machine)}`;
  const dense = own => own.length > 50 ? 0.4 : 1;
  const doubtful = run => run.noisy || run.word === "INVALID";

  function figures(id, shown, wanted, scale, title) {
    const measured = shown.filter(run => typeof run.performance === "number" && wanted(run));
    const traces = frameworks.map(framework => [framework, measured.filter(run => run.framework === framework)])
      .filter(([, own]) => own.length)
      .map(([framework, own]) => ({
        type: "scatter", mode: "markers", name: plain(framework),
        x: [own.map(run => plain(run.scenario)), own.map(run => plain(`${framework} ${text(run.model)}`))],
        y: own.map(run => run.performance * scale), text: own.map(hover), hovertemplate: "%{text}<br>%{y:.6g}<extra></extra>",
        opacity: dense(own),
        marker: {color: colour(framework), size: 10, line: {width: 2, color: colour(framework)}, symbol: own.map(run => doubtful(run) ? "circle-open" : "circle")},
        error_y: {type: "data", symmetric: false, visible: own.some(run => run.spread), thickness: 1.5,
          array: own.map(run => run.spread ? (run.spread.max - run.performance) * scale : 0),
          arrayminus: own.map(run => run.spread ? (run.performance - run.spread.min) * scale : 0)},
      }));
    plot(id, traces, {xaxis: axis("", {type: "multicategory"}), yaxis: axis(title, {rangemode: "tozero"})});
  }

  // The distance from 100 % in powers of ten, so that 99 and 99.9 have as much room as 90.
  const LAST = 3.5;
  const along = at => Math.min(LAST, at >= 100 ? LAST : -Math.log10(1 - at / 100));

  function distribution(shown) {
    const groups = new Map();
    for (const run of shown) {
      if (!run.latency) continue;
      const name = `${run.framework} ${run.scenario}`;
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(run);
    }
    const dashes = ["solid", "dot", "dash", "dashdot"];
    // One trace a group, with gaps between its runs: a thousand traces would be slow.
    const traces = [...groups.entries()].sort((a, b) => compare(a[0], b[0])).map(([name, own]) => {
      const points = own.flatMap(run => [...run.latency.map(([at, ns]) => [along(at), ns / 1e6,
        `${plain(run.name)}<br>${at >= 100 ? "max" : at <= 0 ? "min" : `${at} %`}: ${figure(ns / 1e6)} ms`]), [null, null, null]]);
      return {type: "scatter", mode: "lines+markers", name: plain(name), connectgaps: false, opacity: dense(own), hovertemplate: "%{text}<extra></extra>",
        x: points.map(each => each[0]), y: points.map(each => each[1]), text: points.map(each => each[2]),
        line: {color: colour(own[0].framework), width: 1.5, dash: dashes[Math.max(0, SCENARIOS.indexOf(own[0].scenario))]}, marker: {size: 5}};
    });
    const ticks = [0, 50, 90, 95, 99, 99.9, 100];
    plot("distribution", traces, {
      xaxis: axis("percentile", {tickvals: ticks.map(along), ticktext: ticks.map(at => at === 0 ? "min" : at === 100 ? "max" : `${at} %`), range: [-0.1, LAST + 0.1]}),
      yaxis: axis("ms", {type: "log"}),
    });
  }

  function accuracies(shown) {
    const own = [...new Map(shown.filter(run => typeof run.accuracy === "number").map(run => [run.accuracy_from || run.name, run])).values()];
    const traces = frameworks.map(framework => [framework, own.filter(run => run.framework === framework)]).filter(([, those]) => those.length)
      .map(([framework, those]) => ({
        type: "scatter", mode: "markers", name: plain(framework), x: those.map(run => plain(`${framework} ${text(run.model)}`)),
        y: those.map(run => run.accuracy), hovertemplate: "%{text}<extra></extra>",
        text: those.map(run => `${plain(run.accuracy_from)}<br>${accuracy(run)}<br>95 %: ${text(run.accuracy_low)} .. ${text(run.accuracy_high)}`),
        marker: {color: colour(framework), size: 10},
        error_y: {type: "data", symmetric: false, visible: true, array: those.map(run => (run.accuracy_high ?? run.accuracy) - run.accuracy),
          arrayminus: those.map(run => run.accuracy - (run.accuracy_low ?? run.accuracy))},
      }));
    plot("accuracy", traces, {xaxis: axis("", {type: "category"}), yaxis: axis("top-1, %")});
  }

  function spreads(shown) {
    const own = shown.filter(run => run.spread && run.spread.median);
    const share = (run, value) => 100 * value / run.spread.median;
    const traces = own.map(run => {
      const values = (run.runs || []).map(each => each.performance).filter(value => typeof value === "number");
      const several = values.length ? values : [run.spread.min, run.spread.max];
      return {type: "box", name: plain(run.name), hovertext: plain(run.name), y: [several.map(value => share(run, value))],
        x: [`${plain(run.scenario)} ${plain(run.framework)}<br>${plain(run.name.slice(-10))}, n=${run.spread.n}`], q1: [share(run, run.spread.q1)], median: [100], q3: [share(run, run.spread.q3)],
        lowerfence: [share(run, run.spread.min)], upperfence: [share(run, run.spread.max)], boxpoints: "all", pointpos: 0, jitter: 0.4,
        marker: {color: colour(run.framework), size: 6}, showlegend: false};
    });
    plot("spread", traces, {xaxis: axis("", {type: "category"}), yaxis: axis("% of the median")});
  }

  function search(id, {unit, chosen, attempts}) {
    const points = (name, those, value, more) => ({type: "scatter", mode: "markers", name, x: those.map(each => each.number), y: those.map(value),
      text: those.map(each => `${plain(each.entry)}<br>${plain(each.verdict)}`), hovertemplate: "%{text}<br>%{y:.6g}<extra></extra>", ...more});
    const marked = (valid, symbol, shade) => points(valid ? "VALID" : "INVALID", attempts.filter(each => each.valid === valid), each => each.figure,
      {marker: {color: shade, size: 11, symbol}});
    const traces = [points("target", attempts, each => each.target, {mode: "lines+markers", line: {color: "#6b7280", dash: "dot", width: 1}, marker: {color: "#6b7280", size: 5}}),
      marked(true, "circle", "#2a9d5c"), marked(false, "x", "#c33c3c")].filter(each => each.x.length);
    if (typeof chosen === "number") traces.push({type: "scatter", mode: "lines", name: `chosen: ${figure(chosen)} ${plain(unit)}`,
      x: [0.5, attempts.length + 0.5], y: [chosen, chosen], line: {color: "#1f5fa8", width: 1.5, dash: "dash"}, hoverinfo: "name"});
    plot(id, traces, {yaxis: axis(plain(unit), {rangemode: "tozero"}), xaxis: axis("attempt", {tickvals: attempts.map(each => each.number),
      ticktext: attempts.map(each => `${each.number}<br>${plain(each.purpose)}<br>${each.valid ? "VALID" : "INVALID"}`)})});
  }

  function searches(shown) {
    const place = document.getElementById("search");
    const own = shown.filter(run => run.search);
    place.querySelectorAll(".plot").forEach(each => Plotly.purge(each));
    place.className = own.length ? "" : "nothing";
    place.replaceChildren(...own.length ? own.flatMap((run, at) => [element("h3", {textContent: run.name}),
      element("div", {className: "plot", id: `search-${at}`})]) : ["No result here."]);
    own.forEach((run, at) => search(`search-${at}`, run.search));
  }

  // ----------------------------------------------------------------- filters
  function passes(run) {
    return Object.entries(FILTERS).every(([name, value]) => !chosen[name] || (text(value(run)) || UNKNOWN) === chosen[name])
      && (chosen.text || "").toLowerCase().split(/\s+/).every(part => run.everything.includes(part));
  }

  function draw() {
    const shown = runs.filter(passes);
    document.getElementById("shown").textContent = `${shown.length} of ${runs.length} results`;
    tables(shown);
    figures("throughput", shown, run => RATES.includes(run.scenario), 1, "samples/s");
    figures("latency", shown, run => !RATES.includes(run.scenario) && run.unit === "ns", 1e-6, "ms");
    distribution(shown);
    accuracies(shown);
    spreads(shown);
    searches(shown);
    machines(shown);
    packages(shown);
  }

  function controls() {
    const form = document.getElementById("filters");
    form.addEventListener("submit", event => event.preventDefault());
    for (const [name, value] of Object.entries(FILTERS)) {
      const values = distinct(runs.map(run => text(value(run)) || UNKNOWN));
      const select = element("select", {name, id: `filter-${name}`}, element("option", {value: "", textContent: "all"}),
        ...values.map(each => element("option", {value: each, textContent: each})));
      select.addEventListener("change", () => { chosen[name] = select.value; draw(); });
      form.append(element("label", {textContent: name}, select));
    }
    const search = element("input", {type: "search", name: "text", id: "filter-text", placeholder: "name, version, reason ..."});
    let waiting = 0;
    search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { chosen.text = search.value; draw(); }, 150);
    });
    const reset = element("button", {type: "reset", textContent: "all"});
    form.addEventListener("reset", () => { for (const name of Object.keys(chosen)) delete chosen[name]; setTimeout(draw); });
    form.append(element("label", {textContent: "text"}, search), reset, element("span", {id: "shown"}));
  }

  document.getElementById("title").textContent = data.title;
  document.getElementById("about").textContent = data.about;
  controls();
  draw();
  document.body.dataset.ready = "yes";
})();
