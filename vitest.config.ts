import { defineConfig } from "vitest/config";
import { textFiles } from "./test/support/text-files.mjs";

export default defineConfig({
  plugins: [textFiles],
  test: {
    include: ["src/**/*.test.ts", "cmd/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["node_modules", "dist"],
    globalSetup: ["test/support/redis-setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    allowOnly: false,
  },
});
