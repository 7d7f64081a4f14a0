// Standard input as HCL, to JSON by a stock parser.
const { parse } = require("@cdktf/hcl2json");
const fs = require("fs");

parse("stdin.tf", fs.readFileSync(0, "utf8")).then(
  (tree) => console.log(JSON.stringify(tree)),
  (error) => {
    console.error(String(error));
    process.exit(1);
  },
);
