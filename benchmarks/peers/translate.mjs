// rules.cql -> rules.elm.json, with the translator of the CQL framework. Run by `install`.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { SystemModelInfoProvider } from "@cqframework/cql/cql";
import {
  CqlTranslator, LibraryManager, ModelManager, createModelInfoProvider, stringAsSource,
} from "@cqframework/cql/cql-to-elm";

const require = createRequire(import.meta.url);
const fhir = require("cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml.js");

const models = new ModelManager();
models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
models.modelInfoLoader.registerModelInfoProvider(
  createModelInfoProvider((name) => (name === "FHIR" ? stringAsSource(fhir) : null)),
);
const source = readFileSync(new URL("rules.cql", import.meta.url), "utf8");
const translated = CqlTranslator.fromText(source, new LibraryManager(models));
const errors = translated.errors.asJsReadonlyArrayView().map((error) => error.message);
if (errors.length) {
  console.error(errors.join("\n"));
  process.exit(1);
}
writeFileSync(new URL("rules.elm.json", import.meta.url), translated.toJson());
