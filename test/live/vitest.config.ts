// Real libraries and the real LiteLLM proxy, installed from their registries: minutes, so apart from `npm test`.
import { defineConfig } from "vitest/config";
import { textFiles } from "../support/text-files.mjs";

export default defineConfig({
  plugins: [textFiles],
  test: {
    include: ["test/live/**/*.spec.ts"],
    testTimeout: 10 * 60_000,
    hookTimeout: 10 * 60_000,
    fileParallelism: false,
    allowOnly: false,
  },
});
