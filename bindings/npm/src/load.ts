import init from "#glue";

/** Where the WebAssembly comes from: a URL, its bytes, or a module that is compiled already. */
export type WasmSource = string | URL | BufferSource | WebAssembly.Module;

let loaded: Promise<unknown> | undefined;

/** Loads the WebAssembly, once. A failed attempt may be repeated. */
export async function load(source?: WasmSource): Promise<void> {
  loaded ??= Promise.resolve(bytes(source ?? new URL("steadfast_bg.wasm", import.meta.url))).then((module_or_path) => init({ module_or_path }));
  try {
    await loaded;
  } catch (cause) {
    loaded = undefined;
    throw new Error(
      "steadfast: its WebAssembly could not be loaded. Is steadfast_bg.wasm served beside the script? Otherwise pass `wasm`. A Content-Security-Policy must allow it: script-src 'wasm-unsafe-eval'.",
      { cause },
    );
  }
}

/** Node's fetch reads no files, so there they are read here; no import of a Node module that a bundler could stumble over. */
function bytes(source: WasmSource): WasmSource {
  if (!(source instanceof URL) || source.protocol !== "file:") return source;
  const { process } = globalThis as { process?: { getBuiltinModule?(name: "node:fs"): { readFileSync(path: URL): BufferSource } | undefined } };
  return process?.getBuiltinModule?.("node:fs")?.readFileSync(source) ?? source;
}
