import type { Problem } from "./generated/types/index.js";

/** The config is wrong. It lists every problem at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(
    /** What is wrong, each with its path in the config. */
    readonly problems: readonly Problem[],
  ) {
    super(problems.map(({ path, message }) => `${path || "config"}: ${message}`).join("\n"));
  }
}
