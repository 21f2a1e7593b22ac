// The data, and elements made from text. Text is always set as text: nothing here reads it as HTML.

const DATA = JSON.parse(document.getElementById("data").textContent);
const FULL_TABLES = new Map();
for (const answer of DATA.questions) {
  for (const table of answer.tables) FULL_TABLES.set(`${answer.id}/${table.file}`, table);
}

// An element with attributes (functions are listeners) and children (strings are text).
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// The distinct values of a list, in order of first appearance.
const distinct = (values) => [...new Set(values)];

// A labelled choice. `offer` changes the options and keeps the choice where it still is one.
function chooser(label, changed) {
  const select = element("select", { change: () => changed() });
  return {
    root: element("label", {}, element("span", {}, label), select),
    get value() {
      return select.value;
    },
    set value(value) {
      select.value = value;
    },
    offer(values, names = values) {
      const before = select.value;
      select.replaceChildren(...values.map((value, k) => element("option", { value }, names[k])));
      if (values.includes(before)) select.value = before;
      select.disabled = values.length < 2;
    },
  };
}

// A number of a file as people read it: four significant digits; whole numbers, words and nothing as they are.
function shown(text) {
  if (text === "" || text === null || text === undefined) return "–";
  const value = Number(text);
  if (!Number.isFinite(value) || /^[-+]?\d+$/.test(String(text))) return String(text);
  return String(Number(value.toPrecision(4)));
}

const isNumber = (text) => text !== "" && Number.isFinite(Number(text));

// Rows of a table as objects; nothing if the page does not have it.
function rowsOf(question, file) {
  const table = FULL_TABLES.get(`${question}/${file}`);
  if (!table) return [];
  return table.rows.map((row) => Object.fromEntries(table.columns.map((column, k) => [column, row[k]])));
}

const percent = (share) => `${Number((100 * Number(share)).toPrecision(6))} %`;
const layerName = (layer, layers) => (Number(layer) === layers ? "output" : `layer ${layer}`);
const answerOf = (id) => DATA.questions.find((answer) => answer.id === id);
