// report.html in Chromium: what a reader sees and does, held against the CSV files it was made from.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { ROOT, renamed, report, rows, run, synthetic } from "./results.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const executablePath = process.env.CHROMIUM ?? NAMES.map((name) => `/usr/bin/${name}`).find(existsSync);
const NASTY = '</script><img src=x onerror="window.hacked = 1">';
const HALF_A_STEP = 0.000501; // the page keeps thousandths of a bit
// Smooth is 30 frames a second. Software rendering on a busy machine may give fewer; below this the page is at fault.
const FEWEST_FRAMES = 12;

let folder;
let browser;
let page;

before(async () => {
  assert.ok(executablePath, "no Chromium: apt-get install chromium, or set CHROMIUM to its path");
  folder = mkdtempSync(path.join(os.tmpdir(), "infoplane-report-"));
  run("rq1", path.join(folder, "rq1/default"));
  run("rq2", path.join(folder, "rq2/default"));
  renamed(path.join(folder, "rq1/default"), path.join(folder, "rq1/<script>window.hacked = 1<script>"), NASTY);
  for (const question of ["rq3", "rq4", "calibrate"]) cpSync(path.join(ROOT, "results/reference", question), path.join(folder, "reference", question), { recursive: true });
  page = report(folder);
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

// A page, opened; whatever it complains of or asks the network for is an error.
async function open(file, options = {}) {
  const tab = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const complaints = [];
  tab.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  tab.on("pageerror", (error) => complaints.push(error.message));
  tab.on("request", (request) => request.url() !== `file://${encodeURI(file)}` && !request.url().startsWith("blob:") && complaints.push(`asks for ${request.url()}`));
  await tab.goto(`file://${encodeURI(file)}`);
  await tab.waitForFunction(() => Chart.getChart(document.querySelector(".panel canvas")) !== undefined || document.querySelector("#plane .missing"));
  return { tab, complaints, close: async () => { assert.deepEqual(complaints, []); await tab.close(); } };
}

// What a panel of the moving plane shows: every layer's points, by network.
const points = (tab, panel) => tab.evaluate((panel) => {
  const { datasets } = Chart.getChart(document.querySelector(`[data-panel=${panel}] canvas`)).data;
  return datasets.filter((dataset) => dataset.layer !== undefined && !dataset.isTrail).map((dataset) => dataset.data.map(({ x, y }) => [x, y]));
}, panel);

const choose = async (tab, panel, label, value) => {
  await tab.locator(`[data-panel=${panel}] label`, { hasText: label }).locator("select").selectOption(value);
  await tab.waitForTimeout(150);
};
const chosen = (tab, panel, label) => tab.locator(`[data-panel=${panel}] label`, { hasText: label }).locator("select").inputValue();
const epochShown = async (tab) => Number((await tab.locator("#plane output").textContent()).replace("epoch ", ""));

// Every point of a panel is where the file says.
async function equalsTheFile(tab, panel, table) {
  const epoch = await epochShown(tab);
  const [activation, fraction, estimator] = [await chosen(tab, panel, "Activation"), await chosen(tab, panel, "Training part"), await chosen(tab, panel, "Estimator")];
  const there = table.filter((row) => Number(row.epoch) === epoch && row.activation === activation && row.train_fraction === fraction && row.estimator === estimator);
  const shown = await points(tab, panel);
  assert.equal(there.length, shown.flat().length, `epoch ${epoch}, ${estimator}`);
  for (const row of there) {
    const [x, y] = shown[row.layer - 1][row.replica];
    assert.ok(Math.abs(x - row.i_xt_bits) < HALF_A_STEP && Math.abs(y - row.i_ty_bits) < HALF_A_STEP, `${JSON.stringify(row)}: ${x}, ${y}`);
  }
}

test("the slider moves the points, to where the file says", async () => {
  const { tab, close } = await open(page);
  await choose(tab, "left", "Run", { label: "rq1/default (flex)" });
  await choose(tab, "right", "Run", { label: "rq1/default (flex)" });
  const table = rows(path.join(folder, "rq1/default/information_plane.csv"));
  const slider = tab.locator("#plane input[type=range]");
  const first = await points(tab, "left");
  const last = await slider.getAttribute("max");
  for (const place of ["0", "3", last]) {
    await slider.fill(place);
    await equalsTheFile(tab, "left", table);
    await equalsTheFile(tab, "right", table);
  }
  assert.notDeepEqual(await points(tab, "left"), first);
  await close();
});

test("the choice of estimator, activation and run changes the points, of that panel alone", async () => {
  const { tab, close } = await open(page);
  const table = rows(path.join(folder, "rq1/default/information_plane.csv"));
  await choose(tab, "left", "Run", { label: "rq1/default (flex)" });
  await choose(tab, "right", "Run", { label: "rq1/default (flex)" });
  await tab.locator("#plane input[type=range]").fill("5");
  const [left, right] = [await points(tab, "left"), await points(tab, "right")];
  await choose(tab, "right", "Estimator", "idnns:edges=30");
  await equalsTheFile(tab, "right", table);
  assert.notDeepEqual(await points(tab, "right"), right);
  assert.deepEqual(await points(tab, "left"), left);
  await choose(tab, "right", "Activation", "relu");
  await equalsTheFile(tab, "right", table);
  await choose(tab, "right", "Run", { label: "rq2/default (flex)" });
  await choose(tab, "right", "Condition", { index: 2 });
  assert.notDeepEqual(await points(tab, "right"), right);
  await close();
});

test("pointing at a sign tells layer, network, epoch and the file's bits", async () => {
  const { tab, close } = await open(page);
  await choose(tab, "left", "Run", { label: "rq1/default (flex)" });
  await tab.locator("#plane input[type=range]").fill("6");
  const epoch = await epochShown(tab);
  const canvas = tab.locator("[data-panel=left] canvas");
  await canvas.scrollIntoViewIfNeeded();
  const box = await canvas.boundingBox();
  const spot = await canvas.evaluate((canvas) => {
    const chart = Chart.getChart(canvas);
    const k = chart.data.datasets.findIndex((dataset) => dataset.label === "output");
    const { x, y } = chart.getDatasetMeta(k).data[2];
    return [x, y];
  });
  await tab.mouse.move(box.x + spot[0], box.y + spot[1]);
  await tab.waitForTimeout(100);
  const told = await canvas.evaluate((canvas) => Chart.getChart(canvas).tooltip.body.flatMap((part) => part.lines));
  const estimator = await chosen(tab, "left", "Estimator");
  const fraction = await chosen(tab, "left", "Training part");
  const network = Number(told[0].match(/network (\d+)/)[1]);
  const row = rows(path.join(folder, "rq1/default/information_plane.csv")).find((row) => Number(row.epoch) === epoch && row.layer === "6" && Number(row.replica) === network && row.activation === "tanh" && row.train_fraction === fraction && row.estimator === estimator);
  assert.deepEqual(told.slice(0, 3), [`output, network ${network}, epoch ${epoch}`, `I(X;T) = ${Number(row.i_xt_bits).toFixed(3)} bits`, `I(T;Y) = ${Number(row.i_ty_bits).toFixed(3)} bits`]);
  await close();
});

test("it plays, pauses at a recorded epoch, and obeys keys; gradients follow", async () => {
  const { tab, close } = await open(page);
  await choose(tab, "left", "Run", { label: "rq1/default (flex)" });
  const table = rows(path.join(folder, "rq1/default/information_plane.csv"));
  await tab.locator("#plane h2").scrollIntoViewIfNeeded();
  await tab.keyboard.press("Home");
  assert.equal(await epochShown(tab), 0);
  await tab.keyboard.press("ArrowRight");
  await tab.keyboard.press("ArrowRight");
  const second = await epochShown(tab);
  assert.ok(second > 0);
  await tab.keyboard.press("Space");
  await tab.waitForTimeout(2500);
  await tab.keyboard.press("Space");
  assert.ok((await epochShown(tab)) > second);
  await equalsTheFile(tab, "left", table);
  await tab.keyboard.press("End");
  assert.equal(await epochShown(tab), Math.max(...table.map((row) => Number(row.epoch))));
  await tab.locator("#rq2 canvas").first().scrollIntoViewIfNeeded();
  await tab.locator("#plane input[type=range]").evaluate((slider) => { slider.value = 4; slider.dispatchEvent(new Event("input")); });
  const cursor = () => tab.locator("#rq2 canvas").first().evaluate((canvas) => Chart.getChart(canvas).data.datasets.find((dataset) => dataset.isCursor).data[0]?.x);
  await tab.locator("#rq2 canvas").first().scrollIntoViewIfNeeded();
  await tab.locator("#plane input[type=range]").evaluate((slider) => { slider.value = 5; slider.dispatchEvent(new Event("input")); });
  assert.equal(await cursor(), await epochShown(tab));
  await close();
});

test("verdicts and tables show the files' numbers, and hand the files out", async () => {
  const { tab, close } = await open(page);
  const tested = rows(path.join(folder, "reference/rq3/verdict.csv")).filter((row) => row.claim === "on_bound_sideways" && row.is_control === "false");
  const line = tab.locator("#verdict-rq3 tr", { hasText: "hold no more of X" });
  const short = (value) => String(Number(value.toPrecision(4)));
  const values = tested.map((row) => Number(row.value));
  const said = await line.textContent();
  assert.ok(said.includes(`I(X;T) beyond the bound: ${short(Math.min(...values))} to ${short(Math.max(...values))} bits`), said);
  const of = (outcome) => tested.filter((row) => row.outcome === outcome).length;
  assert.ok(tested.length > 0 && said.includes(`${of("supported")} supported, ${of("refuted")} refuted, ${of("undecided")} undecided`), said);
  assert.match(await tab.locator("#verdict-rq5").textContent(), /just rq5/);
  assert.match(await tab.locator("#rq3 .missing").textContent(), /no gaps\.csv.*just rq3/);

  const table = tab.locator("[data-file='rq4/depth.csv']");
  await table.locator("summary").click();
  await table.locator("th button", { hasText: /^parameters$/ }).click();
  await table.locator("th button", { hasText: /^parameters$/ }).click();
  const column = (await table.locator("thead th").allTextContents()).indexOf("parameters");
  const most = Math.max(...rows(path.join(folder, "reference/rq4/depth.csv")).map((row) => Number(row.parameters)));
  assert.equal(Number(await table.locator("tbody tr").first().locator("td").nth(column).textContent()), most);
  const [saved] = await Promise.all([tab.waitForEvent("download"), table.locator("button", { hasText: "Download CSV" }).click()]);
  assert.equal(readFileSync(await saved.path(), "utf8"), readFileSync(path.join(folder, "reference/rq4/depth.csv"), "utf8"));

  const biases = rows(path.join(folder, "reference/calibrate/summary.csv")).filter((row) => row.rows === "2000" && row.problem === "Gaussian 1 + 1, 4 bits");
  const heat = await tab.locator("#calibrate .heat tr", { hasText: "Gaussian 1 + 1, 4 bits" }).first().locator("td").allTextContents();
  const names = (await tab.locator("#calibrate .heat thead th").allTextContents()).slice(1);
  assert.ok(biases.length > 10);
  for (const row of biases.filter((row) => row.bias_bits !== "")) {
    const text = heat[names.indexOf(row.estimator)];
    assert.equal(Number(text.replace("−", "-")), Number(Number(row.bias_bits).toFixed(2)) + 0, row.estimator);
  }
  await close();
});

test("names are text", async () => {
  const { tab, close } = await open(page);
  await choose(tab, "left", "Run", { label: "rq1/<script>window.hacked = 1<script> (flex)" });
  assert.match(await chosen(tab, "left", "Condition"), /<img src=x onerror/);
  assert.match(await tab.locator("#provenance").textContent(), /rq1\/<script>window\.hacked = 1<script>/);
  assert.equal(await tab.locator("#main img, #main script").count(), 0);
  assert.equal(await tab.evaluate(() => window.hacked), undefined);
  await close();
});

test("light and dark, phone and paper", async () => {
  const ground = (tab) => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const { tab, close } = await open(page, { colorScheme: "dark" });
  const dark = await ground(tab);
  await tab.locator("#theme").selectOption("light");
  assert.equal(await ground(tab), "rgb(255, 255, 255)");
  assert.notEqual(dark, "rgb(255, 255, 255)");
  assert.ok((await tab.pdf({ format: "A4" })).length > 20_000);
  await close();
  const phone = await open(page, { viewport: { width: 375, height: 740 }, isMobile: true, hasTouch: true });
  assert.ok((await phone.tab.evaluate(() => document.documentElement.scrollWidth)) <= 375, "the page is wider than a phone");
  const box = await phone.tab.locator("[data-panel=left] canvas").boundingBox();
  assert.ok(box.width > 300 && box.width <= 375);
  await phone.close();
});

test("no results: every question says which command makes them", async () => {
  const empty = path.join(folder, "empty");
  mkdirSync(empty);
  const { tab, close } = await open(report(empty));
  const text = await tab.locator("main").textContent();
  for (const command of ["just rq1", "just rq2", "just rq3", "just rq4", "just rq5", "just calibrate"]) assert.ok(text.includes(command), command);
  await close();
});

test("50 networks × 300 epochs × 6 layers play smoothly", async (context) => {
  const results = path.join(folder, "synthetic");
  synthetic(path.join(results, "rq1/default"), 50, 300, 6);
  const { tab, close } = await open(report(results));
  await tab.locator("#plane h2").scrollIntoViewIfNeeded();
  const frames = await tab.evaluate(async () => {
    let drawn = 0;
    const update = Chart.prototype.update;
    Chart.prototype.update = function counted(...words) {
      drawn += 1;
      update.apply(this, words);
    };
    document.querySelector("#plane .play").click();
    const started = performance.now();
    await new Promise((resolve) => { setTimeout(resolve, 4000); });
    // Two panels are drawn in each frame.
    return (drawn / 2) / ((performance.now() - started) / 1000);
  });
  context.diagnostic(`${frames.toFixed(1)} frames a second, two panels of 300 points each, software rendering`);
  assert.ok(frames > FEWEST_FRAMES, `${frames.toFixed(1)} frames a second`);
  await close();
});
