import { expect, test } from "vitest";
import { z } from "zod";
import { fakeKinds, fixedOutside } from "../../test/support/fake-kinds.ts";
import { exporter, extension } from "../core/component.ts";
import { extensionId, section } from "../core/settings.ts";
import { readConfiguration } from "./check.ts";
import { formatProblem } from "./problems.ts";

const queue = section(z.strictObject({ storage: extensionId("shelf", "Where to keep.") }), "Queue.").prefault({});
const keeping = exporter({
  type: "keeping",
  summary: "Keeps.",
  signals: ["traces"],
  settings: z.strictObject({ queue }),
  create: () => ({ reserve: () => ({ commit: () => undefined, release: () => undefined }) }),
});
const shelf = extension({
  type: "shelf",
  summary: "Holds.",
  signals: [],
  settings: z.strictObject({}),
  create: () => ({}),
});

function problemsOf(storage: string, started: string): string[] {
  const text = `receivers: { otlp: { protocols: { http: } } }
exporters:
  keeping:
    queue:
      storage: ${storage}
extensions: { shelf: , shelf/two: , health_check: }
service:
  extensions: [${started}]
  pipelines: { traces: { receivers: [otlp], exporters: [keeping] } }
`;
  const outside = fixedOutside({ SHELF: "shelf/two" }, { "a.yaml": text });
  const read = readConfiguration({ configs: ["a.yaml"], sets: [] }, [...fakeKinds, keeping, shelf], outside);
  return read.ok ? [] : read.problems.map(formatProblem);
}

const where =
  "a.yaml:5:16  exporters.keeping.queue.storage: must be the id of a shelf extension that service.extensions names";

test.each([
  { storage: "shelf", started: "shelf", says: [] },
  { storage: "shelf/two", started: "health_check, shelf/two", says: [] },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the language under test is written so
  { storage: "${env:SHELF}", started: "shelf/two", says: [] },
  { storage: "", started: "", says: [] },
  {
    storage: "shelf",
    started: "",
    says: [`${where}, not "shelf"; declare "shelf" in extensions and name it in service.extensions`],
  },
  { storage: "shelf/tow", started: "shelf/two", says: [`${where}, not "shelf/tow"; did you mean "shelf/two"?`] },
  {
    storage: "health_check",
    started: "health_check",
    says: [`${where}, not "health_check"; declare "shelf" in extensions and name it in service.extensions`],
  },
])("storage $storage beside [$started]: $says", ({ storage, started, says }) => {
  expect(problemsOf(storage, started)).toEqual(says);
});
