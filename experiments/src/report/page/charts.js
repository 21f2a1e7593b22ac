// Charts: one style for all, light or dark. Things are told apart by shape as well as by colour.

// Okabe & Ito's palette, safe for colour-blind readers; lighter on dark ground.
const PALETTES = {
  light: ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B87C00", "#56B4E9", "#000000"],
  dark: ["#4FA3E0", "#F0824A", "#2DBE92", "#E09CC4", "#E6B23C", "#8CCBF2", "#F2F2F2"],
};
const SHAPES = [
  { pointStyle: "circle" },
  { pointStyle: "rect" },
  { pointStyle: "triangle" },
  { pointStyle: "rectRot" },
  { pointStyle: "triangle", rotation: 180 },
  { pointStyle: "crossRot" },
  { pointStyle: "star" },
];
const DASHES = [[], [8, 4], [2, 3], [8, 3, 2, 3]];
const FIGURES = [];

let theme = "light";
const colour = (k) => PALETTES[theme][k % 7];
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Points that look like the k-th of a few things.
function marks(label, k, data, more = {}) {
  const shape = SHAPES[k % SHAPES.length];
  const rotation = shape.rotation ?? 0;
  return {
    label,
    group: label,
    data,
    pointStyle: shape.pointStyle,
    pointRotation: rotation,
    rotation,
    borderColor: colour(k),
    backgroundColor: `${colour(k)}b0`,
    borderWidth: 1.5,
    pointRadius: 4,
    pointHoverRadius: 6,
    ...more,
  };
}

// A line without points and without a place in the legend, unless it is named.
function line(group, colourOfLine, data, more = {}) {
  return {
    label: "",
    group,
    data,
    showLine: true,
    pointRadius: 0,
    pointHoverRadius: 0,
    pointHitRadius: 0,
    borderColor: colourOfLine,
    backgroundColor: colourOfLine,
    borderWidth: 1.5,
    pointStyle: "line",
    ...more,
  };
}

// The k-th of a few series with 95 % intervals: points {x, y, lower, upper}.
function series(label, k, data, more = {}) {
  const gap = { x: NaN, y: NaN };
  const ends = data
    .filter((point) => Number.isFinite(point.lower) && Number.isFinite(point.upper))
    .flatMap((point) => [{ x: point.x, y: point.lower }, { x: point.x, y: point.upper }, gap]);
  return [marks(label, k, data, more), line(label, colour(k), ends)];
}

function axis(title, more = {}) {
  const isRound = (value) => [1, 2, 5].includes(Number(value.toExponential(6).split("e")[0]));
  const ticks = more.type === "logarithmic" ? { callback: (value) => (isRound(value) ? shown(value) : "") } : {};
  return {
    type: "linear",
    title: { display: true, text: title, color: style("--ink") },
    grid: { color: style("--grid") },
    border: { color: style("--faint") },
    ...more,
    ticks: { color: style("--soft"), maxRotation: 0, ...ticks, ...more.ticks },
  };
}

// A chart that is described anew whenever something changes: {datasets, x, y, tooltip}.
class Figure {
  constructor(label, describe, height = 340) {
    this.describe = describe;
    const canvas = element("canvas", { role: "img", "aria-label": label });
    this.root = element("div", { class: "chart", style: `height: ${height}px` }, canvas);
    this.chart = null;
    this.canvas = canvas;
    FIGURES.push(this);
  }

  redraw() {
    const { datasets, x, y, tooltip } = this.describe();
    const label = tooltip ?? ((item) => `${item.dataset.label}: ${shown(item.parsed.x)}, ${shown(item.parsed.y)}`);
    const options = {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      normalized: true,
      scales: { x, y },
      interaction: { mode: "nearest", intersect: true },
      plugins: {
        legend: {
          position: "bottom",
          onClick: toggle,
          labels: { usePointStyle: true, color: style("--ink"), filter: (item) => item.text !== "", boxHeight: 7 },
        },
        tooltip: { callbacks: { title: () => "", label }, filter: (item) => item.dataset.label !== "", displayColors: false },
      },
    };
    if (this.chart === null) {
      this.chart = new Chart(this.canvas, { type: "scatter", data: { datasets }, options });
    } else {
      const hidden = new Set(this.chart.data.datasets.filter((_, k) => !this.chart.isDatasetVisible(k)).map((d) => d.group));
      this.chart.data.datasets = datasets;
      this.chart.options = options;
      datasets.forEach((dataset, k) => this.chart.setDatasetVisibility(k, !hidden.has(dataset.group)));
      this.chart.update("none");
    }
  }

  isOnScreen() {
    const { top, bottom } = this.root.getBoundingClientRect();
    return bottom > 0 && top < window.innerHeight;
  }
}

// A click on the legend switches everything that belongs to its entry.
function toggle(_, item, legend) {
  const { chart } = legend;
  const { group } = chart.data.datasets[item.datasetIndex];
  const visible = chart.isDatasetVisible(item.datasetIndex);
  chart.data.datasets.forEach((dataset, k) => {
    if (dataset.group === group) chart.setDatasetVisibility(k, !visible);
  });
  chart.update("none");
}

// The certified curve of a task as a line, on to the right end of the plane.
function curveLine(dataset, right) {
  const points = DATA.curves[dataset];
  if (!points) return [];
  const data = points.filter(([x]) => x <= right).map(([x, y]) => ({ x, y }));
  data.push({ x: right, y: points.at(-1)[1] });
  return [line("bound", style("--ink"), data, { label: "IB bound", borderDash: [5, 4], borderWidth: 1.5, order: 10 })];
}

function planeAxes(right, top) {
  return {
    x: axis("I(X;T) in bits", { min: 0, max: right, ticks: { includeBounds: false } }),
    y: axis("I(T;Y) in bits", { min: 0, max: top, ticks: { includeBounds: false } }),
  };
}

function fitCharts() {
  FIGURES.filter((figure) => figure.chart !== null).forEach((figure) => figure.chart.resize());
}

function setTheme(name) {
  theme = name;
  document.documentElement.dataset.theme = name;
  FIGURES.filter((figure) => figure.chart !== null).forEach((figure) => figure.redraw());
}
