// Result files as tables: sorted by a click on a column, filtered by words, handed out as the file they came from.

const FIRST_ROWS = 10;

function csvText(table) {
  const cell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [table.columns, ...table.rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}

function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

// Numbers by size, words by the alphabet, what is empty last.
function compare(a, b) {
  if (a === "" || b === "") return (a === "") - (b === "");
  return isNumber(a) && isNumber(b) ? Number(a) - Number(b) : a.localeCompare(b);
}

function tableOf(question, table) {
  const numeric = table.columns.map((_, k) => table.rows.some((row) => isNumber(row[k])) && table.rows.every((row) => row[k] === "" || isNumber(row[k])));
  // A column that says the same everywhere says it once, above the table.
  const constant = table.columns.map((_, k) => table.rows.length > 1 && table.rows.every((row) => row[k] === table.rows[0][k]));
  const columns = table.columns.map((_, k) => k).filter((k) => !constant[k]);
  let by = { column: -1, descending: false };
  let words = "";
  let all = false;

  const body = element("tbody");
  const more = element("button", { type: "button", class: "more", click: () => ((all = !all), fill()) });
  const headers = columns.map((k) => {
    const sort = () => {
      by = { column: k, descending: by.column === k && !by.descending };
      fill();
    };
    const name = table.columns[k].replaceAll("_", " ");
    return element("th", { scope: "col", class: numeric[k] ? "number" : false }, element("button", { type: "button", click: sort }, name));
  });

  function fill() {
    const found = table.rows.filter((row) => words === "" || row.some((cell) => cell.toLowerCase().includes(words)));
    if (by.column >= 0) {
      found.sort((a, b) => {
        const order = compare(a[by.column], b[by.column]);
        return by.descending && a[by.column] !== "" && b[by.column] !== "" ? -order : order;
      });
    }
    headers.forEach((header, h) => {
      const sorted = by.column === columns[h];
      header.setAttribute("aria-sort", sorted ? (by.descending ? "descending" : "ascending") : "none");
    });
    const cell = (row, k) => {
      const isOutcome = ["supported", "refuted", "undecided"].includes(row[k]);
      const words = isOutcome ? outcome(row[k]) : shown(row[k]);
      return element("td", { class: numeric[k] ? "number" : false, title: numeric[k] && row[k] !== "" ? row[k] : false }, words);
    };
    const seen = all ? found : found.slice(0, FIRST_ROWS);
    body.replaceChildren(...seen.map((row) => element("tr", {}, ...columns.map((k) => cell(row, k)))));
    more.hidden = found.length <= FIRST_ROWS;
    more.textContent = all ? `Show the first ${FIRST_ROWS} rows` : `Show all ${found.length} rows`;
  }

  const filter = element("input", {
    type: "search",
    placeholder: "only rows with …",
    "aria-label": `Only rows of ${table.file} with these words`,
    input: (event) => ((words = event.target.value.toLowerCase()), fill()),
  });
  const save = element("button", { type: "button", click: () => download(`${question}_${table.file}`, csvText(table)) }, "Download CSV");
  const same = table.columns.map((name, k) => (constant[k] && table.rows[0][k] !== "" ? `${name.replaceAll("_", " ")} ${shown(table.rows[0][k])}` : "")).filter((text) => text !== "");
  const notes = [table.left_out, same.length > 0 ? `In every row: ${same.join("; ")}` : null].filter((note) => note !== null);
  fill();
  return element(
    "details",
    { class: "table", "data-file": `${question}/${table.file}` },
    element("summary", {}, table.file, element("span", { class: "soft" }, ` ${table.rows.length} rows`)),
    element("div", { class: "tools" }, filter, save),
    ...notes.map((note) => element("p", { class: "soft" }, `${note}.`)),
    element("div", { class: "scroll" }, element("table", {}, element("thead", {}, element("tr", {}, ...headers)), body)),
    more,
  );
}

// A word of a verdict, with a sign, so that colour is not needed.
function outcome(word) {
  const sign = { supported: "✓", refuted: "✗", undecided: "?" }[word];
  const name = { supported: "supported", refuted: "refuted", undecided: "undecided" }[word];
  return element("span", { class: `outcome ${word}` }, `${sign} ${name}`);
}
