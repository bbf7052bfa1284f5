import { describe, expect, test } from "vitest";
import { fakeKinds, fixedOutside } from "../../test/support/fake-kinds.ts";
import { readConfiguration } from "./check.ts";
import { formatProblem } from "./problems.ts";

const good = `receivers:
  otlp:
    protocols:
      http:
processors:
  redact:
  charge:
exporters:
  debug:
  otlp_http/tempo: { endpoint: http://tempo:4318 }
extensions:
  health_check:
service:
  extensions: [health_check]
  pipelines:
    traces:
      receivers: [otlp]
      processors: [redact, charge]
      exporters: [debug, otlp_http/tempo]
`;

function problemsOf(text: string, sets: readonly string[] = []): string[] {
  const outside = fixedOutside({}, { "a.yaml": text });
  const read = readConfiguration({ configs: ["a.yaml"], sets }, fakeKinds, outside);
  return read.ok ? [] : read.problems.map(formatProblem);
}

function configOf(text: string, env: Readonly<Record<string, string>> = {}) {
  const read = readConfiguration({ configs: ["a.yaml"], sets: [] }, fakeKinds, fixedOutside(env, { "a.yaml": text }));
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
  return read;
}

/** The good file with one replacement. */
function changed(from: string, to: string): string {
  expect(good).toContain(from);
  return good.replace(from, to);
}

const second = (settings: string) =>
  changed("  charge:\n", `  charge:\n  charge/b: ${settings}\n`).replace(
    "exporters: [debug, otlp_http/tempo]\n",
    "exporters: [debug]\n    traces/b: { receivers: [otlp], processors: [redact, charge/b], exporters: [debug] }\n",
  );

test("processors that must be alike may differ in nothing that is written", () => {
  expect(problemsOf(second(""))).toEqual([]);
  expect(problemsOf(second("{ late: 1h }"))).toEqual([
    "a.yaml:21:57  service.pipelines.traces/b.processors: charge/b says something else than charge, but they charge one ledger; name one in all pipelines",
  ]);
});

describe("a file without problems", () => {
  test("becomes pipelines of prepared components", () => {
    const { config, warnings } = configOf(good);
    expect(warnings).toEqual([]);
    expect(config.pipelines.map(({ id, signal }) => ({ id, signal }))).toEqual([{ id: "traces", signal: "traces" }]);
    const [traces] = config.pipelines;
    expect(traces?.processors.map(({ id }) => id)).toEqual(["redact", "charge"]);
    expect(traces?.exporters.map(({ id }) => id)).toEqual(["debug", "otlp_http/tempo"]);
    expect(config.extensions.map(({ id }) => id)).toEqual(["health_check"]);
    expect(traces?.receivers[0]?.settings).toEqual({
      protocols: { http: { endpoint: "localhost:4318", max_request_body_size: 64 * 1024 * 1024 } },
    });
    expect(traces?.exporters[1]?.settings).toMatchObject({ timeout: 30_000, sending_queue: { queue_size: 1000 } });
    expect(config.telemetry).toEqual({
      logs: { level: "info", encoding: "console" },
      metrics: { level: "normal", address: { host: "localhost", port: 8888 } },
    });
    expect(config.shutdownTimeoutMs).toBe(25_000);
  });

  test("may declare what no pipeline uses, and then it is not run", () => {
    const { config } = configOf(changed("  debug:\n", "  debug:\n  debug/spare:\n"));
    expect(config.pipelines[0]?.exporters.map(({ id }) => id)).toEqual(["debug", "otlp_http/tempo"]);
  });

  test("gives every pipeline the same component for the same id", () => {
    const { config } = configOf(`${good}    logs: { receivers: [otlp], exporters: [debug] }\n`);
    expect(config.pipelines[1]?.exporters[0]).toBe(config.pipelines[0]?.exporters[0]);
    expect(config.pipelines[1]?.receivers[0]).toBe(config.pipelines[0]?.receivers[0]);
  });

  test("names keys without effect in one warning, and former names in another", () => {
    const { warnings } = configOf(
      changed("      http:\n", "      http: { write_buffer_size: 1, endpoint: 'localhost:1' }\n")
        .replaceAll("otlp_http/tempo", "otlphttp/tempo")
        .concat("  telemetry: { traces: {}, logs: { sampling: { enabled: false } } }\n"),
    );
    expect(warnings).toEqual([
      "the configuration has keys without effect here: receivers.otlp.protocols.http.write_buffer_size " +
        "(buffers are the runtime's business), service.telemetry.traces (the program makes no spans of its own), " +
        "service.telemetry.logs.sampling (nothing is logged once per item, so nothing has to be sampled)",
      "the configuration uses former names of components: exporters.otlphttp/tempo (now otlp_http)",
    ]);
  });

  test.each([
    {
      name: "a reader",
      yaml: "{ readers: [ { pull: { exporter: { prometheus: { host: 0.0.0.0, port: 9 } } } } ] }",
      address: { host: "0.0.0.0", port: 9 },
    },
    {
      name: "a reader with its defaults",
      yaml: "{ readers: [ { pull: { exporter: { prometheus: } } } ] }",
      address: { host: "localhost", port: 8888 },
    },
    { name: "an address", yaml: "{ address: ':0' }", address: { host: "0.0.0.0", port: 0 } },
    { name: "no reader", yaml: "{ readers: [] }", address: undefined },
    { name: "level none", yaml: "{ level: none, address: 'localhost:1' }", address: undefined },
    { name: "nothing", yaml: "", address: { host: "localhost", port: 8888 } },
  ])("says with $name where metrics are read", ({ yaml, address }) => {
    const { config } = configOf(`${good}  telemetry: { metrics: ${yaml} }\n`);
    expect(config.telemetry.metrics.address).toEqual(address);
  });

  test("may write ids with spaces around, words in any case, and several names in one string", () => {
    const { config } = configOf(
      changed("[debug, otlp_http/tempo]", "debug, otlp_http/tempo")
        .replace("  debug:\n", "  'debug ': { verbosity: Detailed }\n")
        .concat("  telemetry: { logs: { level: WARN } }\n"),
    );
    expect(config.pipelines[0]?.exporters.map(({ id }) => id)).toEqual(["debug", "otlp_http/tempo"]);
    expect(config.pipelines[0]?.exporters[0]?.settings).toEqual({ verbosity: "detailed" });
    expect(config.telemetry.logs.level).toBe("warn");
  });
});

describe("a problem is placed and told", () => {
  test.each([
    {
      name: "unknown section",
      from: "extensions:\n  health_check:\n",
      to: "connectors:\n  forward:\n",
      says: [
        "a.yaml:11:1  connectors: is not a setting here; the settings are receivers, processors, exporters, extensions, service",
        "references extension",
      ],
    },
    {
      name: "misspelt section",
      from: "receivers:\n  otlp",
      to: "recievers:\n  otlp",
      says: [
        'a.yaml:1:1  recievers: is not a setting here; did you mean "receivers"?',
        "a.yaml:1:1  receivers: no receiver is configured; write one, such as otlp: {protocols: {http: {}}}",
        'a.yaml:17:19  service.pipelines.traces.receivers: references receiver "otlp" which is not configured; declare it in receivers',
      ],
    },
    {
      name: "misspelt protocol",
      from: "      http:",
      to: "      htttp:",
      says: ['a.yaml:4:7  receivers.otlp.protocols.htttp: is not a setting here; did you mean "http"?'],
    },
    {
      name: "unknown setting with nothing near",
      from: "  debug:\n",
      to: "  debug: { zzzzzz: 1 }\n",
      says: ["a.yaml:9:12  exporters.debug.zzzzzz: is not a setting here; the settings are verbosity"],
    },
    {
      name: "unknown pipeline key",
      from: "      receivers: [otlp]\n",
      to: "      receivers: [otlp]\n      exporter: [debug]\n",
      says: ['a.yaml:18:7  service.pipelines.traces.exporter: is not a setting here; did you mean "exporters"?'],
    },
    {
      name: "unknown telemetry key",
      from: "service:\n",
      to: "service:\n  telemetry: { log: {} }\n",
      says: ['a.yaml:14:16  service.telemetry.log: is not a setting here; did you mean "logs"?'],
    },
    {
      name: "unknown type",
      from: "  redact:\n",
      to: "  redcat/eu:\n  redact:\n",
      says: [
        'a.yaml:6:3  processors.redcat/eu: unknown type "redcat"; did you mean "redact"? valid types are redact, charge',
      ],
    },
    {
      name: "word that is none of the list",
      from: "  redact:\n",
      to: "  redact: { content: dorp }\n",
      says: [
        'a.yaml:6:22  processors.redact.content: must be one of drop, hash, keep, not "dorp"; did you mean "drop"?',
      ],
    },
    {
      name: "number for a string",
      from: "  redact:\n",
      to: "  redact: { label: 12 }\n",
      says: ["a.yaml:6:20  processors.redact.label: must be a string, not 12; put it in quotes"],
    },
    {
      name: "string for a number",
      from: "  redact:\n",
      to: "  redact: { max_length: many }\n",
      says: ['a.yaml:6:25  processors.redact.max_length: must be a number, not "many"'],
    },
    {
      name: "fraction for a whole number",
      from: "  redact:\n",
      to: "  redact: { max_length: 1.5 }\n",
      says: ["processors.redact.max_length: must be a whole number, not 1.5"],
    },
    {
      name: "negative number",
      from: "  redact:\n",
      to: "  redact: { max_length: -1 }\n",
      says: ["processors.redact.max_length: must be at least 0, not -1"],
    },
    {
      name: "map for a list",
      from: "  redact:\n",
      to: "  redact: { keys: {} }\n",
      says: ["processors.redact.keys: must be a list, not a map"],
    },
    {
      name: "string for a map",
      from: "    protocols:\n      http:\n",
      to: "    protocols: http\n",
      says: ['a.yaml:3:16  receivers.otlp.protocols: must be a map, not "http"'],
    },
    {
      name: "value that fits no alternative",
      from: "  redact:\n",
      to: "  redact: { dialects: 5 }\n",
      says: ["processors.redact.dialects: must be auto or a list, not 5"],
    },
    {
      name: "alternative with a wrong member",
      from: "  redact:\n",
      to: "  redact: { layers: [ { file: 3 } ] }\n",
      says: ["a.yaml:6:31  processors.redact.layers.0.file: must be a string, not 3"],
    },
    {
      name: "alternative with an unknown member",
      from: "  redact:\n",
      to: "  redact: { layers: [ { litelm: x } ] }\n",
      says: ['processors.redact.layers.0.litelm: is not a setting here; did you mean "litellm"?'],
    },
    {
      name: "duration without a unit",
      from: "  charge:\n",
      to: "  charge: { late: 5 }\n",
      says: ["a.yaml:7:19  processors.charge.late: must be a duration, not 5; write the unit, as in 5s or 5ms"],
    },
    {
      name: "address without a port",
      from: "  health_check:\n",
      to: "  health_check: { endpoint: localhost }\n",
      says: ["a.yaml:12:29  extensions.health_check.endpoint: must be host:port"],
    },
    {
      name: "required setting left out",
      from: "{ endpoint: http://tempo:4318 }",
      to: "{}",
      says: ["a.yaml:10:3  exporters.otlp_http/tempo.endpoint: is required; it must be a string"],
    },
    {
      name: "required setting misspelt",
      from: "{ endpoint: http://tempo:4318 }",
      to: "{ endpont: http://tempo:4318 }",
      says: ['a.yaml:10:22  exporters.otlp_http/tempo.endpont: is not a setting here; did you mean "endpoint"?'],
    },
    {
      name: "empty required setting",
      from: "http://tempo:4318",
      to: "''",
      says: ["a.yaml:10:32  exporters.otlp_http/tempo.endpoint: must not be empty"],
    },
    {
      name: "protocols without a protocol",
      from: "      http:\n",
      to: "      {}\n",
      says: ["receivers.otlp.protocols: must name at least one protocol; write http:"],
    },
    {
      name: "file that cannot be read",
      from: "  charge:\n",
      to: "  charge: { file: no.json }\n",
      says: ["a.yaml:7:19  processors.charge.file: cannot be read: there is no such file"],
    },
    {
      name: "unknown receiver",
      from: "receivers: [otlp]",
      to: "receivers: [otpl]",
      says: [
        'a.yaml:17:19  service.pipelines.traces.receivers: references receiver "otpl" which is not configured; did you mean "otlp"?',
      ],
    },
    {
      name: "unknown extension",
      from: "extensions: [health_check]",
      to: "extensions: [zpages]",
      says: [
        'a.yaml:14:16  service.extensions: references extension "zpages" which is not configured; declare it in extensions',
      ],
    },
    {
      name: "processor twice",
      from: "[redact, charge]",
      to: "[redact, charge, redact]",
      says: [
        'a.yaml:18:36  service.pipelines.traces.processors: references processor "redact" multiple times; name it once',
      ],
    },
    {
      name: "no receivers",
      from: "      receivers: [otlp]\n",
      to: "",
      says: [
        "a.yaml:16:5  service.pipelines.traces.receivers: must have at least one receiver; name one that receivers declares",
      ],
    },
    {
      name: "empty exporters",
      from: "[debug, otlp_http/tempo]",
      to: "[]",
      says: ["a.yaml:19:7  service.pipelines.traces.exporters: must have at least one exporter"],
    },
    {
      name: "pipeline of an unknown signal",
      from: "    traces:\n",
      to: "    traecs:\n",
      says: [
        'a.yaml:16:5  service.pipelines.traecs: signal must be one of traces, metrics, logs, not "traecs"; did you mean "traces"?',
      ],
    },
    {
      name: "processor in a pipeline of another signal",
      from: "    traces:\n",
      to: "    metrics:\n",
      says: [
        "a.yaml:18:20  service.pipelines.metrics.processors: redact does not work on metrics, only on traces and logs; leave it out of this pipeline",
        "charge does not work on metrics, only on traces",
      ],
    },
    {
      name: "processors in the wrong order",
      from: "[redact, charge]",
      to: "[charge, redact]",
      says: ["a.yaml:18:20  service.pipelines.traces.processors: charge needs redact before it; name redact first"],
    },
    {
      name: "needed processor that is misspelt, once",
      from: "  redact:\n",
      to: "  redact: { contnt: drop }\n",
      says: ['a.yaml:6:13  processors.redact.contnt: is not a setting here; did you mean "content"?'],
    },
    {
      name: "needed processor that is not declared, once",
      from: "  redact:\n",
      to: "",
      says: ['service.pipelines.traces.processors: references processor "redact" which is not configured'],
    },
    {
      name: "two ids that are one",
      from: "  debug:\n",
      to: "  debug:\n  ' debug':\n",
      says: ['a.yaml:10:3  exporters. debug: is the id "debug" for the second time; give it another name'],
    },
    {
      name: "metrics in two forms",
      from: "service:\n",
      to: "service:\n  telemetry: { metrics: { readers: [], address: 'localhost:1' } }\n",
      says: ["service.telemetry.metrics.address: says the same as readers; remove one of the two"],
    },
    {
      name: "service that is no map",
      from: "service:\n",
      to: "service: yes\nservce:\n",
      says: [
        'service: must be a map, not "yes"',
        'a.yaml:14:1  servce: is not a setting here; did you mean "service"?',
      ],
    },
  ])("$name", ({ from, to, says }) => {
    const found = problemsOf(changed(from, to));
    expect(found).toHaveLength(says.length);
    for (const [index, text] of says.entries()) expect(found[index]).toContain(text);
  });

  test.each([
    { id: "otlp/", says: "has nothing after the /" },
    { id: "/a", says: "has no type" },
    { id: "9x", says: "has a type that is no word" },
    { id: "otlp/a b", says: "has a name with spaces or symbols" },
    { id: `otlp/${"n".repeat(1025)}`, says: "more than 1024 characters" },
  ])("the id $id", ({ id, says }) => {
    expect(problemsOf(changed("  otlp:\n", `  ? "${id}"\n  : protocols: { http: }\n  otlp:\n`))[0]).toContain(says);
  });

  test.each([
    { name: "an empty file", text: "", says: ["a.yaml:1:1  empty configuration file"] },
    { name: "a file of comments", text: "# nothing\n", says: ["a.yaml:1:1  empty configuration file"] },
    {
      name: "only receivers",
      text: "receivers:\n  otlp: { protocols: { http: } }\n",
      says: ["exporters: no exporter is configured", "service.pipelines: must have at least one pipeline"],
    },
    { name: "a list", text: "- a\n", says: ["a.yaml:1:1  must be a map of sections, not a list"] },
    {
      name: "a section that is no map",
      text: good.replace("extensions:\n  health_check:\n", "extensions: [health_check]\n"),
      says: ["a.yaml:11:13  extensions: must be a map, not a list"],
    },
  ])("$name", ({ text, says }) => {
    const found = problemsOf(text).join("\n");
    for (const part of says) expect(found).toContain(part);
  });

  test("three mistakes are told in one run, in the order of the file", () => {
    const text = good
      .replace("      http:", "      htpt:")
      .replace("  redact:\n", "  redact: { content: x }\n")
      .replace("[debug, otlp_http/tempo]", "[nop]");
    expect(problemsOf(text).map((line) => line.split(":")[1])).toEqual(["4", "6", "19"]);
  });

  test("what is missing has the line of what it is missing in, and at the top the first", () => {
    expect(problemsOf("# why\n\nservice:\n  extensions: []\n").map((line) => line.split("  ")[0])).toEqual([
      "a.yaml:1:1",
      "a.yaml:1:1",
      "a.yaml:3:1",
    ]);
  });

  test("a problem of --set names it", () => {
    expect(problemsOf(good, ["exporters.debug.verbosity=loud"])).toEqual([
      '--set exporters.debug.verbosity:1:1  exporters.debug.verbosity: must be one of basic, normal, detailed, not "loud"',
    ]);
  });
});

describe("what a whole variable gives fits the setting", () => {
  test.each([
    { setting: "max_length", value: "123", becomes: 123 },
    { setting: "max_length", value: "0123", becomes: 83 },
    { setting: "label", value: "0123", becomes: "0123" },
    { setting: "label", value: "0xdeadbeef", becomes: "0xdeadbeef" },
    { setting: "label", value: "123", becomes: "123" },
    { setting: "label", value: '"0123"', becomes: '"0123"' },
    { setting: "label", value: "true", becomes: "true" },
    { setting: "label", value: "[a, b]", becomes: "[a, b]" },
    { setting: "label", value: '{"field": 123}', becomes: '{"field": 123}' },
    { setting: "label", value: "2006-01-02T15:04:05Z", becomes: "2006-01-02T15:04:05Z" },
    { setting: "label", value: "", becomes: "" },
    { setting: "enabled", value: "false", becomes: false },
    { setting: "keys", value: "[a, b]", becomes: ["a", "b"] },
    { setting: "keys", value: "a,b", becomes: ["a", "b"] },
    { setting: "dialects", value: "[a]", becomes: ["a"] },
    { setting: "names", value: "{a: b}", becomes: { a: "b" } },
    { setting: "target", value: "1.41", becomes: "1.41" },
    { setting: "content", value: "", becomes: "drop" },
    { setting: "max_length", value: "", becomes: 256 },
  ])("$setting of $value", ({ setting, value, becomes }) => {
    const text = changed("  redact:\n", `  redact: { ${setting}: "\${env:VALUE}" }\n`);
    const { config } = configOf(text, { VALUE: value });
    expect(config.pipelines[0]?.processors[0]?.settings).toMatchObject({ [setting]: becomes });
  });

  test.each([
    { setting: "max_length", value: '"0123"' },
    { setting: "enabled", value: "t" },
    { setting: "enabled", value: "23" },
  ])("$setting does not take $value", ({ setting, value }) => {
    const text = changed("  redact:\n", `  redact: { ${setting}: "\${env:VALUE}" }\n`);
    expect(() => configOf(text, { VALUE: value })).toThrow(`processors.redact.${setting}: must be`);
  });

  test("a word of the list may look like a number", () => {
    const { config } = configOf(changed("  redact:\n", "  redact: { target: 1.41 }\n"));
    expect(config.pipelines[0]?.processors[0]?.settings).toMatchObject({ target: "1.41" });
  });

  test("an unset variable is the default, with a warning", () => {
    const { config, warnings } = configOf(changed("  redact:\n", `  redact: { content: '\${env:NO_SUCH}' }\n`));
    expect(config.pipelines[0]?.processors[0]?.settings).toMatchObject({ content: "drop" });
    expect(warnings).toEqual(["the configuration names environment variables that are not set: NO_SUCH"]);
  });
});
