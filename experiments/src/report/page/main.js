// The page from its parts.

function provenance() {
  const runs = Object.entries(DATA.runs).filter(([, record]) => record !== null);
  const seconds = (value) => (value >= 120 ? `${(value / 60).toFixed(1)} minutes` : `${value.toFixed(1)} seconds`);
  const one = ([name, record]) => {
    const { config, notes } = record;
    const seeds = record.seeds ?? [];
    const inOrder = seeds.length > 2 && seeds.every((seed, k) => k === 0 || seed === seeds[k - 1] + 1);
    const facts = [
      ["to make it again", element("code", {}, record.command ?? "")],
      ["seeds", inOrder ? `${seeds[0]} to ${seeds.at(-1)}` : seeds.join(", ")],
      ["commit", record.git_commit ?? "unknown"],
      ["versions", `infoplane ${record.version}, burn ${record.burn}`],
      ["device", `${record.device}, ${record.machine}, ${record.threads} threads`],
      ["wall time", typeof record.wall_seconds === "number" ? seconds(record.wall_seconds) : "unknown"],
      ["notes", (notes ?? []).join("; ") || "none"],
    ];
    const list = element("dl", {}, ...facts.flatMap(([term, fact]) => [element("dt", {}, term), element("dd", {}, fact)]));
    const settings = element("details", {}, element("summary", {}, "All settings"), element("pre", {}, JSON.stringify(config, null, 2)));
    return element("article", { class: "run" }, element("h3", {}, name), list, settings);
  };
  return element("section", { id: "provenance" }, element("h2", {}, "Where the numbers come from"), element("p", {}, "The page was made from the CSV files of these runs alone; ", element("code", {}, "just report"), " makes it again. Every table above is the file itself, to be downloaded."), ...runs.map(one));
}

function start() {
  const followers = [];
  const plane = movingPlane((epoch) => followers.forEach((follow) => follow(epoch)));
  const questions = DATA.questions.map((answer) => questionSection(answer, followers));
  const names = [["verdicts", "Verdicts"], ["plane", "Moving plane"], ...DATA.questions.map(({ id }) => [id, id === "calibrate" ? "Calibration" : id.toUpperCase()]), ["provenance", "Provenance"]];
  document.getElementById("contents").append(...names.map(([id, name]) => element("a", { href: `#${id}` }, name)));
  document.getElementById("main").append(frontPage(), plane.section, ...questions.map(({ section }) => section), provenance());
  document.getElementById("footer").append(`Made by infoplane ${DATA.version}. Figures: Chart.js (MIT licence, in this file).`);

  Chart.defaults.font.family = style("--font");
  Chart.defaults.font.size = 13;
  const choice = document.getElementById("theme");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => setTheme(choice.value === "auto" ? (dark.matches ? "dark" : "light") : choice.value);
  choice.addEventListener("change", apply);
  dark.addEventListener("change", apply);
  // Paper is light, and as wide as it is: charts cannot follow by themselves.
  window.addEventListener("beforeprint", () => {
    document.documentElement.classList.add("paper");
    setTheme("light");
    fitCharts();
  });
  window.addEventListener("afterprint", () => {
    document.documentElement.classList.remove("paper");
    apply();
    fitCharts();
  });
  apply();
  questions.forEach((question) => question.start());
  plane.start();
}

start();
