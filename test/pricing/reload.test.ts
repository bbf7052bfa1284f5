// What happens to a price file while the program runs: it is replaced, cut off, emptied, deleted, swapped by a link as
// Kubernetes does it. Calls are priced all the while, by the last file that could be read.
import { mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startProgram } from "../support/program.ts";
import { until } from "../support/until.ts";

const configuration = `
receivers: { otlp: { protocols: { http: { endpoint: "localhost:0" } } } }
processors: { gen_ai_normalizer: , gen_ai_call: , gen_ai_cost: { prices: [bundled, { file: own.yaml }] } }
exporters: { debug: { verbosity: detailed } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], processors: [gen_ai_normalizer, gen_ai_call, gen_ai_cost], exporters: [debug] } }
`;

test("a price file may be replaced, broken, cut off, emptied and deleted: the last one that was right holds", async () => {
  const { started, folder, reload, endpoint } = await startProgram(
    configuration,
    {},
    { "own.yaml": prices("v1", "1") },
  );
  const url = await endpoint(/ listening .*(?:http:\/\/)(localhost:\d+)/);
  const path = join(folder, "own.yaml");
  const replace = (text: string) => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  let spans = 0;
  const price = async () => {
    const before = started.stdout.length;
    await send(url, ++spans);
    const found = () => /spantoll\.cost\.nano_usd: \w+\((\d+)\)/.exec(started.stdout.slice(before));
    await until(() => found() !== null);
    return Number(found()?.[1]);
  };
  const refused = async (change: () => void, told: RegExp) => {
    const before = started.stderr.length;
    change();
    await until(() => told.test(started.stderr.slice(before)));
    expect(await price()).toBe(2_000_000);
  };

  expect(await price()).toBe(1_000_000);
  replace(prices("v2", "2"));
  await started.logged(/were taken over .*v2/);
  expect(await price()).toBe(2_000_000);

  await refused(() => replace("providers: [\n"), /the prices before hold.*own\.yaml:2:1/);
  expect(await reload(configuration)).toBe("refused");
  expect(await price()).toBe(2_000_000);
  const whole = prices("v3", "3");
  await refused(() => writeFileSync(path, whole.slice(0, whole.length - 12)), /the prices before hold.*own\.yaml:5:70/);
  await refused(() => writeFileSync(path, ""), /the prices before hold.*own\.yaml:1:1 {2}is empty/);
  await refused(() => unlinkSync(path), /the prices before hold.*own\.yaml: cannot be read/);
  await refused(() => writeFileSync(path, prices("v4", "0x10")), /the prices before hold.*own\.yaml:5:.*0x10/);

  replace(prices("v5", "5"));
  await started.logged(/were taken over .*v5/);
  expect(await price()).toBe(5_000_000);
  replace(prices("v6", "6"));
  expect(await reload(configuration)).toBe("runs");
}, 180_000);

test("a volume whose link is swapped, as of a ConfigMap, is read again", async () => {
  const mounted = configuration.replace("own.yaml", "volume/own.yaml");
  const empty = mounted.replace("bundled, { file: volume/own.yaml }", "bundled");
  const { started, folder, reload } = await startProgram(empty);
  const volume = join(folder, "volume");
  const write = (version: string) => {
    mkdirSync(join(volume, `..${version}`), { recursive: true });
    writeFileSync(join(volume, `..${version}`, "own.yaml"), prices(version, "1"));
  };
  write("v1");
  symlinkSync("..v1", join(volume, "..data"));
  symlinkSync("..data/own.yaml", join(volume, "own.yaml"));
  expect(await reload(mounted)).toBe("runs");
  write("v2");
  symlinkSync("..v2", join(volume, "..data_tmp"));
  renameSync(join(volume, "..data_tmp"), join(volume, "..data"));
  await started.logged(/were taken over .*v2/);
}, 60_000);

function prices(version: string, input: string): string {
  return `version: ${version}
providers:
  - id: openai
    models:
      - { id: gpt-x, prices: [{ cells: { default: { input: ${input}, output: 0 } } }] }
`;
}

async function send(url: string, number: number): Promise<void> {
  const spanId = number.toString(16).padStart(16, "0");
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const tokens = (key: string, intValue: string) => ({ key, value: { intValue } });
  const attributes = [
    text("gen_ai.operation.name", "chat"),
    text("gen_ai.provider.name", "openai"),
    text("gen_ai.request.model", "gpt-x"),
    tokens("gen_ai.usage.input_tokens", "1000"),
    tokens("gen_ai.usage.output_tokens", "1"),
  ];
  const endTimeUnixNano = `${Date.now()}000000`;
  const span = { traceId: spanId.padStart(32, "b"), spanId, name: "chat gpt-x", endTimeUnixNano, attributes };
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  const answer = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  expect(answer.status).toBe(200);
}
