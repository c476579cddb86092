// Convert the Swagger 2.0 documents of a JSON file to OpenAPI 3.0: { name: [document, ...] }.
import { readFileSync, writeFileSync } from "node:fs";
import converter from "swagger2openapi";

const options = { direct: true, patch: true, refSiblings: "preserve" };
const [given, wanted] = process.argv.slice(-2);
const documents = JSON.parse(readFileSync(given, "utf-8"));
for (const [name, several] of Object.entries(documents)) {
  documents[name] = await Promise.all(
    several.map((document) => converter.convertObj(document, { ...options })),
  );
}
writeFileSync(wanted, JSON.stringify(documents));
