// What Salesforce's own library makes of a source folder: its components with their files, the manifest, and the zip
// that a build sends. Usage: node components.cjs <folder with node_modules> <source folder> <zip to write>, run in the
// project. Anything that the library does not know ends it with an error.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");

const [tools, source, zip] = process.argv.slice(2);
const { ComponentSet, MetadataConverter } = createRequire(path.resolve(tools, "package.json"))(
  "@salesforce/source-deploy-retrieve",
);

function filesOf(component) {
  return [component.xml, ...component.walkContent()].filter(Boolean).map((file) => path.relative(process.cwd(), file));
}

async function main() {
  const set = ComponentSet.fromSource(path.resolve(source));
  const all = set.getSourceComponents().toArray();
  const children = all.flatMap((component) => component.getChildren());
  const { zipBuffer } = await new MetadataConverter().convert(set, "metadata", { type: "zip" });
  fs.writeFileSync(zip, zipBuffer);
  const components = [...all, ...children].map((one) => ({ type: one.type.name, name: one.fullName, files: filesOf(one) }));
  process.stdout.write(JSON.stringify({ components, manifest: await set.getPackageXml() }));
}

main().catch((error) => {
  process.stderr.write(`${error.name}: ${error.message}\n`);
  process.exitCode = 1;
});
