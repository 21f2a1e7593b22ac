// A section for each question: its figures, drawn from the tables on this page, and the tables.

// A row of choices and figures that follow them.
function board(choosers, figures) {
  const root = element("div", {}, element("div", { class: "choices" }, ...choosers.map((one) => one.root)), element("div", { class: "panels" }, ...figures.map((figure) => figure.root)));
  return { root, start: () => figures.forEach((figure) => figure.redraw()) };
}

const number = (text) => (text === "" || text === undefined ? NaN : Number(text));
const point = (row, x, name, scale = 1) => ({ x, y: scale * number(row[name]), lower: scale * number(row[`${name}_lower`]), upper: scale * number(row[`${name}_upper`]), row });

// What a point of a series says.
const tellSeries = (where) => ({ dataset, raw }) => {
  const ends = Number.isFinite(raw.lower) ? ` [${shown(raw.lower)}, ${shown(raw.upper)}]` : "";
  return `${dataset.label}, ${where(raw)}: ${shown(raw.y)}${ends}`;
};

// Series beside each other instead of on each other.
const beside = (x, k, count, width = 0.5) => x + (count > 1 ? (k / (count - 1) - 0.5) * width : 0);

function layerAxis(layers) {
  return axis("layer", { min: 0.4, max: layers + 0.6, ticks: { stepSize: 1, autoSkip: false, callback: (value) => (!Number.isInteger(value) || value < 1 || value > layers ? "" : value === layers ? "output" : String(value)) } });
}

function compressionBoard() {
  const rows = rowsOf("rq1", "phases.csv");
  if (rows.length === 0) return null;
  const name = (row) => [row.condition, row.dataset, row.activation, `${percent(row.train_fraction)} train`].join(" · ");
  const condition = chooser("Condition", () => figure.redraw());
  condition.offer(distinct(rows.map(name)));
  const learned = distinct(rows.map(name)).filter((text) => text.includes(rows[0].activation));
  condition.value = learned.at(-1);
  const figure = new Figure("Bits of I(X;T) that each layer loses after its fit, by estimator", () => {
    const here = rows.filter((row) => name(row) === condition.value);
    const estimators = distinct(here.map((row) => row.estimator));
    const layers = Math.max(...here.map((row) => Number(row.layer)));
    const datasets = estimators.flatMap((estimator, k) => {
      const of = here.filter((row) => row.estimator === estimator);
      return series(estimator, k, of.map((row) => point(row, beside(Number(row.layer), k, estimators.length), "compression_bits")));
    });
    return { datasets, x: layerAxis(layers), y: axis("bits of I(X;T) lost after the fit"), tooltip: tellSeries((raw) => layerName(raw.row.layer, layers)) };
  });
  return board([condition], [figure]);
}

function gradientBoard(followers) {
  if (DATA.gradients === null) return null;
  const { paths } = DATA.gradients;
  let epoch = 0;
  const redraw = () => figures.forEach((figure) => figure.redraw());
  const condition = chooser("Condition", redraw);
  const layer = chooser("Layer", redraw);
  condition.offer(distinct(paths.map((path) => path.condition)));
  const layers = Math.max(...paths.map((path) => path.layer));
  layer.offer(distinct(paths.map((path) => String(path.layer))), distinct(paths.map((path) => layerName(path.layer, layers))));
  layer.value = String(Math.max(1, layers - 1));
  const points = (pairs) => pairs.map(([x, y]) => ({ x, y }));
  const last = Math.max(1, ...paths.flatMap((path) => [...path.mean, ...path.snr].map(([x]) => x)));
  const epochs = { type: "logarithmic", min: 1, max: last };
  const ends = (datasets) => {
    const values = datasets.flatMap((dataset) => dataset.data.map((one) => one.y)).filter((value) => value > 0);
    return values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0.1, 1];
  };
  const upright = (label, x, low, high, dash) => (x === null || x <= 0 ? [] : [line(label, style("--soft"), [{ x, y: low }, { x, y: high }], { label, borderDash: dash })]);
  const cursor = (low, high) => line("cursor", style("--accent"), epoch > 0 ? [{ x: epoch, y: low }, { x: epoch, y: high }] : [], { label: "epoch of the slider", isCursor: true, borderWidth: 2 });
  const tell = ({ dataset, parsed }) => `${dataset.label}, epoch ${parsed.x}: ${shown(parsed.y)}`;
  const path = (k, label, data) => line(label, colour(k), points(data), { label, pointRadius: 1.5, pointHitRadius: 5, borderDash: DASHES[k % 4], borderWidth: 2 });

  const norms = new Figure("Norms of the mean and of the standard deviation of the gradients", () => {
    const of = paths.find((one) => one.condition === condition.value && one.layer === Number(layer.value));
    const drawn = of ? [path(0, "norm of the mean", of.mean), path(1, "norm of the standard deviation", of.std)] : [];
    const [low, high] = ends(drawn);
    const lines = of ? [...upright("transition", of.transition, low, high, [8, 4]), ...upright("compression starts", of.compression, low, high, [2, 4])] : [];
    return { datasets: [...drawn, ...lines, cursor(low, high)], x: axis("epoch", epochs), y: axis("gradient norm / ‖W‖", { type: "logarithmic" }), tooltip: tell };
  });
  const ratios = new Figure("Signal-to-noise ratio of the gradients, by layer", () => {
    const of = paths.filter((one) => one.condition === condition.value && one.snr.length > 0);
    const drawn = of.map((one) => {
      const k = one.layer - 1;
      const name = layerName(one.layer, layers);
      return marks(name, k, points(one.snr), { showLine: true, pointRadius: 2.5, borderWidth: 1.5 });
    });
    const [low, high] = ends(drawn);
    const one = line("one", style("--soft"), [{ x: 1, y: 1 }, { x: last, y: 1 }], { label: "SNR = 1", borderDash: [8, 4] });
    return { datasets: [...drawn, one, cursor(low, high)], x: axis("epoch", epochs), y: axis("SNR", { type: "logarithmic" }), tooltip: tell };
  });
  const figures = [norms, ratios];
  followers.push((now) => {
    epoch = now;
    for (const figure of figures) {
      if (figure.chart === null || !figure.isOnScreen()) continue;
      const data = figure.chart.data.datasets;
      const of = data.find((dataset) => dataset.isCursor);
      const [low, high] = ends(data.filter((dataset) => !dataset.isCursor));
      of.data = now > 0 ? [{ x: now, y: low }, { x: now, y: high }] : [];
      figure.chart.update("none");
    }
  });
  const { root, start } = board([condition, layer], figures);
  root.prepend(element("p", { class: "soft" }, `Geometric means over the networks of ${DATA.gradients.run}; the upright line is the epoch of the slider above. Full batches have no noise.`));
  return { root, start };
}

function causesBoard() {
  const rows = rowsOf("rq2", "causes.csv");
  if (rows.length === 0) return null;
  const estimator = chooser("Estimator", () => figure.redraw());
  estimator.offer(distinct(rows.map((row) => row.estimator)));
  const names = distinct(rows.map((row) => row.condition));
  const figure = new Figure(
    "Bits of I(X;T) lost by condition",
    () => {
      const here = rows.filter((row) => row.estimator === estimator.value);
      const points = here.map((row) => {
        const of = point(row, 0, "compression_bits");
        return { x: of.y, y: names.indexOf(row.condition), lower: of.lower, upper: of.upper, row };
      });
      const gap = { x: NaN, y: NaN };
      const ends = points.filter((of) => Number.isFinite(of.lower)).flatMap((of) => [{ x: of.lower, y: of.y }, { x: of.upper, y: of.y }, gap]);
      const tooltip = ({ raw }) => `${raw.row.condition}: ${shown(raw.x)} bits [${shown(raw.lower)}, ${shown(raw.upper)}]`;
      const ticks = { stepSize: 1, autoSkip: false, callback: (value) => names[value] ?? "" };
      const datasets = [marks("bits lost, with 95 % interval", 0, points), line("", colour(0), ends)];
      return { datasets, x: axis("bits of I(X;T) lost, mean over hidden layers"), y: axis("", { min: -1, max: names.length, reverse: true, ticks }), tooltip };
    },
    130 + 26 * names.length,
  );
  return board([estimator], [figure]);
}

function boundBoard() {
  const rows = rowsOf("rq3", "gaps.csv");
  if (rows.length === 0) return null;
  const redraw = () => figures.forEach((figure) => figure.redraw());
  const condition = chooser("Condition", redraw);
  const encoder = chooser("Encoder", redraw);
  const name = (row) => `${row.condition}, ${row.activation}`;
  condition.offer(distinct(rows.map(name)));
  encoder.offer(distinct(rows.map((row) => row.encoder)));
  const layers = Math.max(...rows.map((row) => Number(row.layer)));
  const here = () => rows.filter((row) => name(row) === condition.value && row.encoder === encoder.value);
  const plane = new Figure("Converged layers and the bound", () => {
    const of = here();
    const right = Math.ceil(Math.max(1, ...of.map((row) => Number(row.i_xt_bits)))) + 0.5;
    const dots = of.map((row) => marks(layerName(row.layer, layers), row.layer - 1, [{ x: Number(row.i_xt_bits), y: Number(row.i_ty_bits) }], { pointRadius: 6 }));
    return { datasets: [...curveLine(of[0]?.dataset, right), ...dots], ...planeAxes(right, 1.05) };
  });
  const gaps = new Figure("How far layers are from the bound", () => {
    const of = here();
    const points = (gap, k) => of.map((row) => point(row, beside(Number(row.layer), k, 2, 0.2), gap));
    const datasets = [...series("sideways: I(X;T) beyond the least", 0, points("horizontal_gap_bits", 0)), ...series("vertically: I(T;Y) short of the best", 1, points("vertical_gap_bits", 1))];
    return { datasets, x: layerAxis(layers), y: axis("bits from the bound", { min: 0 }), tooltip: tellSeries((raw) => layerName(raw.row.layer, layers)) };
  });
  const figures = [plane, gaps];
  return board([condition, encoder], figures);
}

function depthBoard() {
  const rows = rowsOf("rq4", "depth.csv");
  if (rows.length === 0) return null;
  const quantities = {
    goal_epochs: ["epochs to the goal (median)", "logarithmic"],
    goal_gflop: ["gradient computation to the goal in GFLOP (median)", "logarithmic"],
    test_information_bits: ["test information in bits", "linear"],
    test_accuracy: ["test accuracy", "linear"],
    generalisation_gap_bits: ["generalisation gap in bits", "linear"],
    output_i_ty_bits: ["I(T;Y) of the output in bits", "linear"],
  };
  const quantity = chooser("Quantity", () => figure.redraw());
  quantity.offer(Object.keys(quantities), Object.values(quantities).map(([title]) => title));
  const groups = distinct(rows.map((row) => row.group));
  const depths = Math.max(...rows.map((row) => Number(row.depth)));
  const figure = new Figure("What each depth takes and gives", () => {
    const [title, type] = quantities[quantity.value];
    const datasets = groups.flatMap((group, k) => {
      const of = rows.filter((row) => row.group === group);
      return series(group, k, of.map((row) => point(row, beside(Number(row.depth), k, groups.length), quantity.value)));
    });
    const x = axis("hidden layers", { min: 0.4, max: depths + 0.6, ticks: { stepSize: 1, autoSkip: false, callback: (value) => (Number.isInteger(value) && value >= 1 && value <= depths ? String(value) : "") } });
    return { datasets, x, y: axis(title, { type }), tooltip: tellSeries((raw) => `${raw.row.depth} hidden layers, ${raw.row.goal_reached} of ${raw.row.replicas} reach ${raw.row.goal}`) };
  }, 400);
  const { root, start } = board([quantity], [figure]);
  root.append(element("p", { class: "soft" }, "Where a sign is missing, half of the networks have not reached the goal."));
  return { root, start };
}

function samplesBoard() {
  const rows = rowsOf("rq5", "samples.csv");
  if (rows.length === 0) return null;
  const quantities = {
    i_ty_bits: "I(T;Y) in bits",
    i_xt_bits: "I(X;T) in bits",
    horizontal_gap_bits: "bits from the bound, sideways",
    fallen_bits: "bits of I(T;Y) below the best epoch",
    i_ty_train_bits: "I(T;Y) on the training sample, bits",
    generalisation_gap: "generalisation error (the network's)",
    generalisation_bound: "the paper's bound on it",
  };
  const redraw = () => figures.forEach((figure) => figure.redraw());
  const activation = chooser("Activation", redraw);
  const encoder = chooser("Encoder", redraw);
  const quantity = chooser("Quantity", redraw);
  activation.offer(distinct(rows.map((row) => row.activation)));
  encoder.offer(distinct(rows.map((row) => row.encoder)));
  quantity.offer(Object.keys(quantities), Object.values(quantities));
  const layers = Math.max(...rows.map((row) => Number(row.layer)));
  const ofLayer = (layer) => rows.filter((row) => row.activation === activation.value && row.encoder === encoder.value && Number(row.layer) === layer).sort((a, b) => a.train_fraction - b.train_fraction);
  const every = Array.from({ length: layers }, (_, k) => k + 1);
  const plane = new Figure("Places of converged layers, from the smallest training sample to the largest", () => {
    const right = Math.ceil(Math.max(1, ...rows.map((row) => Number(row.i_xt_bits)))) + 0.5;
    const dots = every.map((layer) => {
      const of = ofLayer(layer);
      const data = of.map((row) => ({ x: Number(row.i_xt_bits), y: Number(row.i_ty_bits), row }));
      return marks(layerName(layer, layers), layer - 1, data, { showLine: true, borderWidth: 1.5, pointRadius: of.map((row) => 3 + 5 * row.train_fraction) });
    });
    const tooltip = ({ dataset, raw }) => (raw.row ? `${dataset.label}, ${percent(raw.row.train_fraction)} train: ${shown(raw.row.i_xt_bits)}, ${shown(raw.row.i_ty_bits)}` : `IB bound: ${shown(raw.x)}, ${shown(raw.y)}`);
    return { datasets: [...curveLine(rows[0].dataset, right), ...dots], ...planeAxes(right, 1.05), tooltip };
  });
  const values = new Figure("A quantity against the size of the training sample", () => {
    const datasets = every.flatMap((layer) => series(layerName(layer, layers), layer - 1, ofLayer(layer).map((row) => point(row, beside(100 * row.train_fraction, layer - 1, layers, 2), quantity.value)), { showLine: true }));
    return { datasets, x: axis("part of the patterns that trains, in %", { min: 0, max: 100 }), y: axis(quantities[quantity.value]), tooltip: tellSeries((raw) => `${percent(raw.row.train_fraction)} train`) };
  });
  const figures = [plane, values];
  return board([activation, encoder, quantity], figures);
}

// With a sign, unless it rounds to nothing.
function signed(bias) {
  const size = Math.abs(bias).toFixed(2);
  return Number(size) === 0 ? size : `${bias > 0 ? "+" : "−"}${size}`;
}

// A name that may be broken after its marks.
const breakable = (name) => name.split(/(?<=[:,=])/).flatMap((part) => [part, element("wbr")]);

// Mean errors of estimators, as numbers on shades: no colour is needed to read it.
function calibrationMap() {
  const rows = rowsOf("calibrate", "summary.csv");
  if (rows.length === 0) return null;
  const size = chooser("Rows drawn", () => draw());
  size.offer(distinct(rows.map((row) => row.rows)));
  // What most was measured at.
  const measured = (size) => rows.filter((row) => row.rows === size).length;
  size.value = distinct(rows.map((row) => row.rows)).reduce((most, size) => (measured(size) > measured(most) ? size : most));
  const estimators = distinct(rows.map((row) => row.estimator));
  const table = element("table", { class: "heat" });
  const cell = (row) => {
    if (row === undefined) return element("td", {});
    if (!isNumber(row.bias_bits)) return element("td", { class: "refused" }, Number(row.refused) > 0 ? "refused" : row.bias_bits || "–");
    const bias = Number(row.bias_bits);
    const strength = Math.min(1, Math.abs(bias) / Math.max(0.5, 0.5 * Number(row.truth_bits)));
    const shade = `rgb(${bias < 0 ? "var(--low)" : "var(--high)"} / ${(0.75 * strength).toFixed(3)})`;
    return element("td", { style: `background: ${shade}`, title: `${row.estimator}: ${row.bias_bits} bits` }, signed(bias));
  };
  const draw = () => {
    const here = rows.filter((row) => row.rows === size.value);
    const head = element("tr", {}, ...["problem", "truth", ...estimators].map((text) => element("th", { scope: "col" }, ...breakable(text))));
    const body = distinct(here.map((row) => row.problem)).map((problem) => {
      const of = here.filter((row) => row.problem === problem);
      const cells = estimators.map((estimator) => cell(of.find((row) => row.estimator === estimator)));
      return element("tr", {}, element("th", { scope: "row" }, problem), element("td", {}, shown(of[0].truth_bits)), ...cells);
    });
    table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...body));
  };
  draw();
  const caption = element("p", { class: "soft" }, "Mean error in bits, + too high, − too low; the darker, the larger beside the truth.");
  return { root: element("div", {}, element("div", { class: "choices" }, size.root), caption, element("div", { class: "scroll tall" }, table)), start: () => {} };
}

// What each board needs, to say which file is not there.
const BOARDS = {
  rq1: [["Bits lost by layer", compressionBoard, "phases.csv"]],
  rq2: [["Drift and diffusion", gradientBoard, "gradients.csv"], ["Causes of compression", causesBoard, "causes.csv"]],
  rq3: [["Layers and the bound", boundBoard, "gaps.csv"]],
  rq4: [["Depths", depthBoard, "depth.csv"]],
  rq5: [["Training size", samplesBoard, "samples.csv"]],
  calibrate: [["Errors where the answer is known", calibrationMap, "summary.csv"]],
};

function questionSection(answer, followers) {
  const heading = answer.id === "calibrate" ? "Calibration" : answer.id.toUpperCase();
  const section = element("section", { id: answer.id }, element("h2", {}, `${heading}: ${answer.title}`));
  const boards = [];
  if (answer.run === null) section.append(missing(answer));
  else {
    const others = answer.others.length > 0 ? ` Others: ${answer.others.join(", ")}; “report FOLDER” shows one of them.` : "";
    section.append(element("p", { class: "soft" }, `From the run ${answer.run}.${others}`));
  }
  for (const [title, make, file] of BOARDS[answer.id]) {
    const made = make(followers);
    if (made === null && answer.run === null) continue;
    section.append(element("h3", {}, title));
    if (made === null) {
      section.append(element("p", { class: "missing" }, `${answer.run} has no ${file}. This makes it: `, element("code", {}, answer.command)));
      continue;
    }
    section.append(made.root);
    boards.push(made);
  }
  const tables = answer.tables.map((table) => tableOf(answer.id, table));
  if (tables.length > 0) section.append(element("h3", {}, "Tables"), ...tables);
  return { section, start: () => boards.forEach((made) => made.start()) };
}
