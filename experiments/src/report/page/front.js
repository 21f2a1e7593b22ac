// The front page: each question, the paper's claim, and the verdict in a line with its number and interval.

function interval(row) {
  return `${shown(row.value)} [${shown(row.lower)}, ${shown(row.upper)}]`;
}

function headline(row) {
  const about = [row.condition, row.estimator, `${row.replicas} networks`].filter((text) => text !== "").join(" · ");
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, row.claim),
    element("td", { "data-label": "paper" }, row.paper),
    element(
      "td",
      { "data-label": "here" },
      outcome(row.outcome),
      " ",
      element("b", { class: "value", title: [row.value, row.lower, row.upper].join(", ") }, interval(row)),
      ` ${row.measured}`,
      element("span", { class: "soft about" }, about),
    ),
  );
}

function missing(answer) {
  return element("p", { class: "missing" }, "No results yet. This makes them: ", element("code", {}, answer.command));
}

function card(answer) {
  const [supported, refuted, open] = answer.counts;
  const tally = element("p", { class: "soft" }, `All ${supported + refuted + open} rows of the verdict: ${supported} supported, ${refuted} refuted, ${open} open. Run ${answer.run}.`);
  const table = element(
    "table",
    { class: "verdict" },
    element("thead", {}, element("tr", {}, ...["claim", "the paper", "here, with 95 % interval over networks"].map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...answer.headlines.map(headline)),
  );
  const heading = element("h3", {}, element("a", { href: `#${answer.id}` }, answer.id.toUpperCase()), ` ${answer.title}`);
  const paper = element("p", {}, element("b", {}, "The paper: "), answer.paper);
  const verdict = answer.run === null ? [missing(answer)] : [answer.headlines.length > 0 ? table : element("p", { class: "missing" }, `${answer.run} has no verdict on the claims shown here.`), tally];
  return element("article", { id: `verdict-${answer.id}` }, heading, paper, ...verdict);
}

function frontPage() {
  const cards = DATA.questions.filter((answer) => answer.id !== "calibrate").map(card);
  return element("section", { id: "verdicts" }, element("h2", {}, "Five questions"), ...cards);
}
