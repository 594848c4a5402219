// Parts of the npm package by themselves, for tests of what an app does not see.
import { join } from "node:path";
import { build } from "esbuild";

const SOURCE = join(import.meta.dirname, "../../bindings/npm/src");

/** Imports a file of the package's source. */
export async function importSource(file) {
  const { outputFiles } = await build({ entryPoints: [join(SOURCE, file)], bundle: true, format: "esm", target: "es2022", write: false });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
