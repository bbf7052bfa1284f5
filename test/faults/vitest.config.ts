// The whole fault script, which prints a table: minutes, so apart from `npm test`.
import { defineConfig } from "vitest/config";
import { textFiles } from "../support/text-files.mjs";

export default defineConfig({
  plugins: [textFiles],
  test: {
    include: ["test/faults/*.spec.ts"],
    testTimeout: 30 * 60_000,
    fileParallelism: false,
    allowOnly: false,
  },
});
