// Answers one request per line of standard input ("go") with the nanoseconds of processor time that it took:
// the bytes parsed, the prefetch as a patient's Bundle, every expression of the rule set evaluated.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import cql from "cql-execution";
import fhir from "cql-exec-fhir";

const bytes = readFileSync(process.argv[2]);
const library = new cql.Library(JSON.parse(readFileSync(new URL("rules.elm.json", import.meta.url), "utf8")));
const executor = new cql.Executor(library);
const now = cql.DateTime.fromJSDate(new Date("2025-12-01T12:00:00Z"), 0);

function bundleOf(prefetch) {
  const entry = [];
  for (const value of Object.values(prefetch)) {
    if (value?.resourceType === "Bundle") entry.push(...(value.entry ?? []));
    else if (value) entry.push({ resource: value });
  }
  return { resourceType: "Bundle", type: "collection", entry };
}

async function answer() {
  const source = fhir.PatientSource.FHIRv401();
  source.loadBundles([bundleOf(JSON.parse(bytes).prefetch)]);
  const results = await executor.exec(source, now);
  return Object.values(results.patientResults)[0];
}

let told;
for await (const line of createInterface({ input: process.stdin })) {
  if (line !== "go") break;
  const begun = process.cpuUsage();
  told = await answer();
  const { user, system } = process.cpuUsage(begun);
  console.log(JSON.stringify({ ns: (user + system) * 1000, card: told.Card, tier: told.Tier, points: told.Points }));
}
