// The front page: each question, the paper's claims, and our answer to each over all the places in which it was tested.

function headline(claim) {
  const [supported, refuted, undecided] = claim.counts;
  const word = supported > 0 && refuted > 0 ? "depends" : supported > 0 ? "supported" : refuted > 0 ? "refuted" : "undecided";
  const range = (m) => (m.least === m.greatest ? shown(m.least) : `${shown(m.least)} to ${shown(m.greatest)}`);
  const about = claim.measured.map((m) => `${m.what}: ${range(m)}${m.unit === "bits" ? " bits" : ""}`).join(" · ");
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, claim.asks),
    element("td", { "data-label": "paper" }, claim.paper),
    element("td", { "data-label": "here" }, element("b", { class: `outcome sentence ${word}` }, `${claim.sentence}.`), element("span", { class: "soft about" }, about), element("span", { class: "soft about" }, `${supported} supported, ${refuted} refuted, ${undecided} undecided`)),
  );
}

function missing(answer) {
  return element("p", { class: "missing" }, "No results yet. This makes them: ", element("code", {}, answer.command));
}

function card(answer) {
  const [supported, refuted, undecided] = answer.counts;
  const tally = element("p", { class: "soft" }, `All ${supported + refuted + undecided} rows of the verdict, controls included: ${supported} supported, ${refuted} refuted, ${undecided} undecided. Run ${answer.run}.`);
  const table = element(
    "table",
    { class: "verdict" },
    element("thead", {}, element("tr", {}, ...["claim", "the paper", "here, over every place in which it was tested"].map((text) => element("th", { scope: "col" }, text)))),
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
