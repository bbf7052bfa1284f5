// Tests against real backends that are built from Go modules: apart from `npm test`, which needs Node.js alone.
import { defineConfig } from "vitest/config";
import { textFiles } from "../support/text-files.mjs";

export default defineConfig({
  plugins: [textFiles],
  test: {
    include: ["test/backends/*.spec.ts"],
    testTimeout: 120_000,
    // The first build of Tempo or Jaeger, on a slow machine.
    hookTimeout: 45 * 60_000,
    // One backend after the other: each wants the machine for itself.
    fileParallelism: false,
    allowOnly: false,
  },
});
