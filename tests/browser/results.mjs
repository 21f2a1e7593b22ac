// Results to report on: runs of the programs themselves, and synthetic ones of the paper's size.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../..");
const program = (name) => path.join(process.env.INFOPLANE_BIN ?? path.join(ROOT, "target/release"), name);

export function run(question, folder, words = []) {
  execFileSync(program(question), ["--preset", "smoke", "--output", folder, ...words], { stdio: ["ignore", "ignore", "inherit"] });
}

export function report(folder) {
  const page = path.join(folder, "report.html");
  execFileSync(program("report"), [folder, "--output", page], { stdio: ["ignore", "ignore", "inherit"] });
  return page;
}

// The rows of a CSV file as objects of text.
export function rows(file) {
  const [header, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n").map(cells);
  return lines.map((line) => Object.fromEntries(header.map((name, k) => [name, line[k]])));
}

function cells(line) {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) => (quoted === undefined ? plain : quoted.replaceAll('""', '"')));
}

// A copy of a run in which the condition has another name.
export function renamed(from, to, name) {
  cpSync(from, to, { recursive: true });
  for (const table of ["information_plane.csv", "phases.csv", "verdict.csv"]) {
    const file = path.join(to, table);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(",default,", `,"${name.replaceAll('"', '""')}",`));
  }
}

// Networks as many, epochs as many and layers as many as asked for, on smooth paths.
export function synthetic(folder, networks, epochs, layers) {
  mkdirSync(folder, { recursive: true });
  const lines = ["dataset,architecture,condition,activation,train_fraction,replica,seed,epoch,layer,estimator,i_xt_bits,i_ty_bits"];
  for (const estimator of ["binning:width=0.07", "binning:width=0.14"]) {
    for (let network = 0; network < networks; network += 1) {
      for (let epoch = 0; epoch < epochs; epoch += 1) {
        for (let layer = 1; layer <= layers; layer += 1) {
          const time = epoch / (epochs - 1);
          const iXt = 12 - 1.5 * layer * time + 0.4 * Math.sin(network * layer + 6 * time);
          const iTy = 0.99 - 0.12 * layer * (1 - time) * (1 + 0.1 * Math.cos(network));
          lines.push(`o3-0.99,10-7-5-4-3-2,default,tanh,0.85,${network},${network},${epoch * epoch},${layer},${estimator},${Math.min(12, iXt)},${iTy}`);
        }
      }
    }
  }
  writeFileSync(path.join(folder, "information_plane.csv"), `${lines.join("\n")}\n`);
  writeFileSync(path.join(folder, "run.json"), JSON.stringify({ question: "rq1", config: { compute: { backend: "flex" } } }));
}
