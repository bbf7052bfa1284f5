// Price files that change under a running service: by themselves, and by SIGHUP.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startProgram } from "../support/program.ts";

const configuration = `
receivers: { otlp: { protocols: { http: { endpoint: "localhost:0" } } } }
processors: { gen_ai_normalizer: , gen_ai_call: , gen_ai_cost: { prices: [bundled, { file: own.yaml }] } }
exporters: { debug: }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], processors: [gen_ai_normalizer, gen_ai_call, gen_ai_cost], exporters: [debug] } }
`;

test("a changed price file is taken over, a wrong one is told with line and value, by itself and by SIGHUP", async () => {
  const program = await startProgram(configuration, {}, { "own.yaml": priceFile("v1", "1") });
  const write = (text: string) => writeFileSync(join(program.folder, "own.yaml"), text);
  write(priceFile("v2", "2"));
  await program.started.logged(/were taken over .*v2/);
  write(priceFile("v3", "two"));
  const [line] = await program.started.logged(/the prices before hold.*/);
  expect(line).toContain("own.yaml:5:");
  expect(line).toContain("two");
  expect(await program.reload(configuration)).toBe("refused");
  write(priceFile("v4", "4"));
  expect(await program.reload(configuration)).toBe("runs");
});

function priceFile(version: string, input: string): string {
  return `version: ${version}
providers:
  - id: openai
    models:
      - { id: gpt-x, prices: [{ cells: { default: { input: ${input}, output: 0 } } }] }
`;
}
