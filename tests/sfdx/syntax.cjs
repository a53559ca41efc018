// What an Apex parser objects to in files of Apex, as JSON: file -> problems. It knows the grammar, not the platform.
// Usage: node syntax.cjs <folder with node_modules> <file> ...
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { createRequire } = require("node:module");

const [tools, ...files] = process.argv.slice(2);
const { ApexErrorListener, ApexParserFactory } = createRequire(path.resolve(tools, "package.json"))(
  "@apexdevtools/apex-parser",
);

class Problems extends ApexErrorListener {
  found = [];

  apexSyntaxError(line, column, message) {
    this.found.push(`${line}:${column} ${message}`);
  }
}

function problemsOf(file) {
  const problems = new Problems();
  const { parser } = ApexParserFactory.createLexerAndParser(fs.readFileSync(file, "utf8"), problems);
  if (file.endsWith(".trigger")) {
    parser.triggerUnit();
  } else {
    parser.compilationUnit();
  }
  return problems.found;
}

process.stdout.write(JSON.stringify(Object.fromEntries(files.map((file) => [file, problemsOf(file)]))));
