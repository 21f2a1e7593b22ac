// The moving plane: every layer of every network, two panels on one slider.

const MISSING = -32768;
const STEPS_PER_BIT = 1000;
// A film lasts so long at normal speed, however many epochs were recorded.
const FILM_SECONDS = 12;
// A mean path is drawn through so many recorded epochs at most.
const TRAIL_POINTS = 60;

// base64 → deflate → differences → whole thousandths of a bit [quantity × layer × replica × epoch].
async function unpack(group, epochs) {
  const packed = Uint8Array.from(atob(group.paths), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const values = new Int16Array(await new Response(stream).arrayBuffer());
  for (let start = 0; start < values.length; start += epochs) {
    for (let e = start + 1; e < start + epochs; e += 1) values[e] += values[e - 1];
  }
  return values;
}

// One condition's networks through one estimator.
class Paths {
  constructor(group, epochs, values) {
    Object.assign(this, { group, epochs, values });
    this.networks = group.replicas.length;
    this.means = Array.from({ length: group.layers }, (_, layer) => epochs.map((_, e) => ({ x: this.mean(0, layer, e), y: this.mean(1, layer, e) })));
    this.right = Math.ceil(Math.max(1, ...Array.from({ length: group.layers }, (_, layer) => this.most(0, layer)))) + 0.5;
    this.top = 1.05 * Math.max(0.05, ...Array.from({ length: group.layers }, (_, layer) => this.most(1, layer)));
  }

  bits(quantity, layer, network, e) {
    const { epochs, networks, group } = this;
    const steps = this.values[((quantity * group.layers + layer) * networks + network) * epochs.length + e];
    return steps === MISSING ? NaN : steps / STEPS_PER_BIT;
  }

  mean(quantity, layer, e) {
    let [sum, count] = [0, 0];
    for (let network = 0; network < this.networks; network += 1) {
      const bits = this.bits(quantity, layer, network, e);
      if (!Number.isNaN(bits)) [sum, count] = [sum + bits, count + 1];
    }
    return count > 0 ? sum / count : NaN;
  }

  most(quantity, layer) {
    const path = this.networks * this.epochs.length;
    const start = (quantity * this.group.layers + layer) * path;
    return this.values.subarray(start, start + path).reduce((most, steps) => Math.max(most, steps), 0) / STEPS_PER_BIT;
  }

  // The mean path of a layer up to the e-th recorded epoch.
  trail(layer, e) {
    const step = Math.ceil(this.epochs.length / TRAIL_POINTS);
    const path = this.means[layer];
    return path.slice(0, e).filter((_, k) => k % step === 0).concat(path[e]);
  }

  // The recorded epoch at or before this one, and how far it is, on a logarithmic scale, to the next.
  place(epoch) {
    const { epochs } = this;
    let e = 0;
    while (e + 1 < epochs.length && epochs[e + 1] <= epoch) e += 1;
    if (e + 1 === epochs.length || epoch <= epochs[e]) return [e, 0];
    const scale = (value) => Math.log1p(value);
    return [e, (scale(epoch) - scale(epochs[e])) / (scale(epochs[e + 1]) - scale(epochs[e]))];
  }
}

// A panel: what it shows is chosen from the run down to the estimator.
class Panel {
  constructor(name, preferred, changed) {
    const choose = () => this.choose().then(changed);
    this.name = name;
    this.preferred = preferred;
    this.run = chooser("Run", choose);
    this.condition = chooser("Condition", choose);
    this.activation = chooser("Activation", choose);
    this.fraction = chooser("Training part", choose);
    this.estimator = chooser("Estimator", choose);
    this.figure = new Figure(`The information plane, ${name} panel`, () => this.describe(), 420);
    this.reading = element("p", { class: "soft reading" });
    const choosers = [this.run, this.condition, this.activation, this.fraction, this.estimator].map((one) => one.root);
    this.root = element("div", { class: "panel", "data-panel": name }, element("div", { class: "choices" }, ...choosers), this.figure.root, this.reading);
    this.cache = new Map();
    this.paths = null;
    this.epoch = 0;
    const backend = (planes) => `${planes.run} (${planes.backend})`;
    this.run.offer(DATA.planes.map((_, k) => String(k)), DATA.planes.map(backend));
  }

  // Each choice is among what the choices before it leave.
  async choose() {
    const planes = DATA.planes[Number(this.run.value)];
    const condition = (group) => [group.condition, group.dataset, group.architecture].join(" · ");
    let left = planes.groups;
    const narrow = (chosen, value, name = (text) => text, preferred = null) => {
      const values = distinct(left.map(value));
      const before = chosen.value;
      chosen.offer(values, values.map(name));
      if (!values.includes(before) && preferred !== null) chosen.value = values.at(preferred) ?? values[0];
      left = left.filter((group) => value(group) === chosen.value);
    };
    narrow(this.condition, condition);
    narrow(this.activation, (group) => group.activation);
    narrow(this.fraction, (group) => group.train_fraction, percent, -1);
    narrow(this.estimator, (group) => group.estimator, (text) => text, this.preferred);
    const [group] = left;
    if (!this.cache.has(group)) {
      const epochs = planes.epochs[group.epochs];
      this.cache.set(group, new Paths(group, epochs, await unpack(group, epochs.length)));
    }
    this.paths = this.cache.get(group);
  }

  // Moves the points; between recorded epochs they are on their way.
  move(epoch, trails) {
    this.epoch = epoch;
    this.trails = trails;
    const { chart } = this.figure;
    const [e, share] = this.paths.place(epoch);
    chart.data.datasets.forEach((dataset) => {
      if (dataset.layer === undefined) return;
      if (dataset.isTrail) dataset.data = trails ? this.paths.trail(dataset.layer, e) : [];
      else dataset.data.forEach((point, network) => this.put(point, dataset.layer, network, e, share));
    });
    chart.update("none");
    this.read(e);
  }

  put(point, layer, network, e, share) {
    const at = (quantity) => {
      const from = this.paths.bits(quantity, layer, network, e);
      return share === 0 ? from : from + share * (this.paths.bits(quantity, layer, network, e + 1) - from);
    };
    point.x = at(0);
    point.y = at(1);
  }

  read(e) {
    const planes = DATA.planes[Number(this.run.value)];
    const { networks, epochs, group } = this.paths;
    const thinned = [
      planes.every_network > 1 ? `one in ${planes.every_network} networks` : null,
      planes.every_epoch > 1 ? `one in ${planes.every_epoch} recorded epochs` : null,
    ].filter((text) => text !== null);
    const part = thinned.length > 0 ? ` Only ${thinned.join(" and ")} is on this page.` : "";
    const bound = DATA.curves[group.dataset] ? "" : ` No run here has certified the bound of ${group.dataset}.`;
    const text = `${networks} networks at epoch ${epochs[e]}.${part}${bound}`;
    if (this.reading.textContent !== text) this.reading.textContent = text;
  }

  describe() {
    const { paths } = this;
    const { layers, replicas, dataset } = paths.group;
    const [right, top] = this.range ?? [paths.right, paths.top];
    const [e, share] = paths.place(this.epoch);
    const datasets = curveLine(dataset, right);
    for (let layer = 0; layer < layers; layer += 1) {
      const name = layerName(layer + 1, layers);
      const data = replicas.map((_, network) => {
        const point = { x: 0, y: 0 };
        this.put(point, layer, network, e, share);
        return point;
      });
      const trail = this.trails === false ? [] : paths.trail(layer, e);
      datasets.push(marks(name, layer, data, { layer, order: 1 }));
      datasets.push(line(name, `${colour(layer)}90`, trail, { layer, isTrail: true, order: 5 }));
    }
    return { datasets, ...planeAxes(right, top), tooltip: (item) => this.tell(item) };
  }

  tell({ dataset, dataIndex, parsed }) {
    if (dataset.layer === undefined) return `IB bound: ${shown(parsed.x)}, ${shown(parsed.y)}`;
    const { epochs, group } = this.paths;
    const [e] = this.paths.place(this.epoch);
    const bits = (quantity) => this.paths.bits(quantity, dataset.layer, dataIndex, e).toFixed(3);
    return [`${dataset.label}, network ${group.replicas[dataIndex]}, epoch ${epochs[e]}`, `I(X;T) = ${bits(0)} bits`, `I(T;Y) = ${bits(1)} bits`];
  }
}

// The section: two panels, one slider. `follow` hears of every recorded epoch passed.
function movingPlane(follow) {
  const section = element("section", { id: "plane" }, element("h2", {}, "The moving plane"));
  if (DATA.planes.length === 0) {
    section.append(element("p", { class: "missing" }, "No run here has recorded information planes. This makes one: ", element("code", {}, "just rq1")));
    return { section, start: () => {} };
  }
  let epochs = [0];
  let time = 0; // in recorded epochs
  let playing = false;
  let before = null;
  let told = null;

  const slider = element("input", { type: "range", min: 0, step: 1, value: 0, "aria-label": "Epoch", input: () => seek(Number(slider.value)) });
  const output = element("output", { "aria-live": "off" });
  const play = element("button", { type: "button", class: "play", click: () => toggle() });
  const speed = element("select", { "aria-label": "Speed" }, ...["0.25", "0.5", "1", "2", "4"].map((value) => element("option", { value, selected: value === "1" }, `${value}×`)));
  const trails = element("input", { type: "checkbox", checked: true, change: () => draw() });
  const panels = [new Panel("left", 0, changed), new Panel("right", 1, changed)];

  const epochAt = (time) => {
    const k = Math.min(Math.floor(time), epochs.length - 1);
    const next = epochs[Math.min(k + 1, epochs.length - 1)];
    return Math.expm1(Math.log1p(epochs[k]) + (time - k) * (Math.log1p(next) - Math.log1p(epochs[k])));
  };

  function draw() {
    const k = Math.min(Math.floor(time), epochs.length - 1);
    const epoch = time === k ? epochs[k] : epochAt(time);
    panels.forEach((panel) => panel.move(epoch, trails.checked));
    if (Number(slider.value) !== k) slider.value = k;
    if (told !== epochs[k]) {
      told = epochs[k];
      output.textContent = `epoch ${told}`;
      slider.setAttribute("aria-valuetext", `epoch ${told}`);
      follow(told);
    }
  }

  function frame(now) {
    if (!playing) return;
    const passed = before === null ? 0 : Math.min((now - before) / 1000, 0.25);
    before = now;
    time += (passed * Number(speed.value) * epochs.length) / FILM_SECONDS;
    if (time >= epochs.length - 1) {
      time = epochs.length - 1;
      toggle();
    }
    draw();
    if (playing) requestAnimationFrame(frame);
  }

  function toggle() {
    playing = !playing;
    play.textContent = playing ? "❚❚ Pause" : "▶ Play";
    if (playing) {
      if (time >= epochs.length - 1) time = 0;
      before = null;
      requestAnimationFrame(frame);
    } else {
      // At rest the numbers are those of a recorded epoch.
      time = Math.floor(time);
      draw();
    }
  }

  function seek(k) {
    time = Math.max(0, Math.min(k, epochs.length - 1));
    draw();
  }

  // Both panels on one scale of epochs and of bits.
  function changed() {
    if (panels.some((panel) => panel.paths === null)) return;
    const now = epochs[Math.min(Math.floor(time), epochs.length - 1)];
    const isFirst = told === null;
    epochs = distinct(panels.flatMap((panel) => panel.paths.epochs)).sort((a, b) => a - b);
    slider.max = epochs.length - 1;
    time = isFirst ? 0 : Math.max(0, epochs.findLastIndex((epoch) => epoch <= now));
    told = null;
    const range = [Math.max(...panels.map((panel) => panel.paths.right)), Math.max(...panels.map((panel) => panel.paths.top))];
    panels.forEach((panel) => {
      panel.range = range;
      panel.epoch = epochs[time];
      panel.figure.redraw();
    });
    draw();
  }

  document.addEventListener("keydown", (event) => {
    const inControl = ["INPUT", "SELECT", "TEXTAREA", "BUTTON", "SUMMARY", "A"].includes(event.target.tagName) && event.target !== slider;
    if (inControl || event.ctrlKey || event.metaKey || event.altKey) return;
    const onSlider = event.target === slider;
    const inSection = onSlider || section.getBoundingClientRect().top < window.innerHeight && section.getBoundingClientRect().bottom > 0;
    if (!inSection) return;
    const k = Math.floor(time);
    const act = { " ": toggle, ArrowLeft: () => seek(k - 1), ArrowRight: () => seek(k + 1), Home: () => seek(0), End: () => seek(epochs.length - 1) }[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });

  play.textContent = "▶ Play";
  section.append(
    element("p", {}, "Each sign is a layer of one network; a thin line is the mean path so far. Two panels share one slider, so that what only one estimator sees shows. While the film plays, points are on their way between recorded epochs; at rest they are where the file says. Point at a sign to read it."),
    element("div", { class: "controls" }, play, slider, output, element("label", {}, "Speed ", speed), element("label", {}, trails, " mean paths")),
    element("p", { class: "soft keys" }, "Keys: space plays and pauses, ← and → step, Home and End jump. A click on a layer in the legend hides it."),
    element("div", { class: "panels" }, ...panels.map((panel) => panel.root)),
  );
  return { section, start: async () => { await Promise.all(panels.map((panel) => panel.choose())); changed(); } };
}
