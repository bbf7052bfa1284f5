// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is written so
import { describe, expect, test } from "vitest";
import { fixedOutside } from "../../test/support/fake-kinds.ts";
import { expand } from "./expand.ts";
import { nodeAt, plain } from "./node.ts";
import { parseYaml } from "./parse.ts";

const env = {
  ENV_VALUE: "some expanded value",
  ENV_LIST: "['$$ESCAPE_ME','$${ESCAPE_ME}','$${env:ESCAPE_ME}']",
  ENV_MAP: "{'key1':'$$ESCAPE_ME','key2':'$${ESCAPE_ME}','key3':'$${env:ESCAPE_ME}'}",
  ENV_NESTED_DOLLARSIGN: "here is 1 $$",
  ENV_NESTED_DOLLARSIGN_ESCAPED: "here are 2 $$$",
  ENV_EXPAND_NESTED: "${env:ENV_VALUE} came from nested expansion",
  EMPTY: "",
  NAME: "ENV_VALUE",
  INT: "123",
  OCTAL: "0123",
  COMMENTED: "true # see ${env:hello.world}",
  SELF: "${env:SELF}",
  SELF_IN_LIST: "[a, '${env:SELF_IN_LIST}']",
  TWICE: "${env:TWICE}${env:TWICE}",
  WRAP: "The value ${env:INT} is wrapped",
  MAP: '{env: "${env:INNER}", inline: "inline ${env:INNER}"}',
  INNER: '{inner: "${env:INT}"}',
  QUOTED: '"0123"',
};
const files = { "/run/secret": "token-1\n", "part.yaml": "verbosity: detailed\nsampling: [1, 2]\n" };

function expanded(value: string) {
  const parsed = parseYaml("a.yaml", `key: ${JSON.stringify(value)}`);
  if (!parsed.ok || !parsed.node) throw new Error("the test is no YAML");
  const { node, problems, unset } = expand(parsed.node, fixedOutside(env, files));
  const at = nodeAt(node, ["key"]);
  return { value: at && plain(at), original: at?.original, problems: problems.map(({ text }) => text), unset };
}

describe("a value is expanded as the Collector does it", () => {
  // The rows of the Collector's own end-to-end table, with the default scheme on.
  test.each([
    ["$$ENV_VALUE", "$ENV_VALUE"],
    ["$$$$ENV_VALUE", "$$ENV_VALUE"],
    ["$$${ENV_VALUE}", "$some expanded value"],
    ["some${ENV_VALUE}text", "somesome expanded valuetext"],
    ["some$${ENV_VALUE}text", "some${ENV_VALUE}text"],
    ["$${ONE}$${TWO}", "${ONE}${TWO}"],
    ["text$$", "text$"],
    ["$$", "$"],
    ["$${1}$${env:2}", "${1}${env:2}"],
    ["some$${env:ENV_VALUE}text", "some${env:ENV_VALUE}text"],
    ["$${env:${ENV_VALUE}}", "${env:some expanded value}"],
    ["$${env:$${ENV_VALUE}}", "${env:${ENV_VALUE}}"],
    ["env:MAP_VALUE_2}$${ENV_VALUE}{", "env:MAP_VALUE_2}${ENV_VALUE}{"],
    ["$$${env:ENV_VALUE}", "$some expanded value"],
    ["$ENV_VALUE", "$ENV_VALUE"],
    ["${env:ENV_LIST}", ["$ESCAPE_ME", "${ESCAPE_ME}", "${env:ESCAPE_ME}"]],
    ["${env:ENV_MAP}", { key1: "$ESCAPE_ME", key2: "${ESCAPE_ME}", key3: "${env:ESCAPE_ME}" }],
    ["${env:ENV_NESTED_DOLLARSIGN}", "here is 1 $"],
    ["${env:ENV_NESTED_DOLLARSIGN_ESCAPED}", "here are 2 $$"],
    ["${env:ENV_EXPAND_NESTED}", "some expanded value came from nested expansion"],
  ])("%s", (value, becomes) => {
    expect(expanded(value)).toMatchObject({ value: becomes, problems: [] });
  });

  test.each([
    ["${env:INT}", 123],
    ["${env:OCTAL}", 83],
    ["${env:QUOTED}", '"0123"'],
    ["inline ${env:OCTAL} text", "inline 0123 text"],
    ["inline ${env:QUOTED} text", 'inline "0123" text'],
    ["${env:${NAME}}", "some expanded value"],
    ["${env:NO_SUCH:-default}", "default"],
    ["${NO_SUCH:-default}", "default"],
    ["${env:NO_SUCH:-5}", 5],
    ["${env:NO_SUCH:-http://a:1}", "http://a:1"],
    ["${env:NO_SUCH:-${env:INT}}", 123],
    ["${env:EMPTY:-default}", null],
    ["${env:EMPTY}", null],
    ["a${env:EMPTY}b", "ab"],
    ["${env:WRAP}", "The value 123 is wrapped"],
    ["${env:MAP}", { env: { inner: 123 }, inline: 'inline {inner: "123"}' }],
    ["${env:COMMENTED}", true],
    ["${file:/run/secret}", "token-1"],
    ["Bearer ${file:/run/secret}", "Bearer token-1"],
    ["${file:part.yaml}", { verbosity: "detailed", sampling: [1, 2] }],
    ["${yaml:[1, a]}", [1, "a"]],
    ["$${ENV_VALUE} ${env:INT}", "${ENV_VALUE} 123"],
    ["}${", "}${"],
    ["${", "${"],
  ])("%s too", (value, becomes) => {
    expect(expanded(value)).toMatchObject({ value: becomes, problems: [] });
  });

  test.each([
    ["${env:OCTAL}", "0123"],
    ["${env:ENV_LIST}", "['$ESCAPE_ME','${ESCAPE_ME}','${env:ESCAPE_ME}']"],
    ["${env:MAP}", '{env: "{inner: "123"}", inline: "inline {inner: "123"}"}'],
    ["${env:EMPTY}", ""],
    ["${env:COMMENTED}", undefined],
    ["a${env:OCTAL}", undefined],
  ])("%s keeps its text for settings that want one", (value, original) => {
    expect(expanded(value).original).toBe(original);
  });

  test("a variable that is not set is told, one with a default is not", () => {
    expect(expanded("${env:NO_SUCH} ${env:OTHER:-x} ${ALSO_NOT}")).toMatchObject({
      value: " x ",
      unset: ["NO_SUCH", "ALSO_NOT"],
    });
  });
});

describe("what cannot be expanded is a problem", () => {
  test.each([
    ["${env:x-y}", 'environment variable "x-y" has an invalid name'],
    ["${1}", 'environment variable "1" has an invalid name'],
    ["${}", 'environment variable "" has an invalid name'],
    ["text ${env:hello.world}", 'environment variable "hello.world" has an invalid name'],
    ["${http://a/b}", 'unknown scheme "http"; use env, file or yaml'],
    ["${file:/no/such}", 'the file "/no/such" cannot be read: there is no such file'],
    ["${env:SELF}", "too many recursive expansions"],
    ["${env:SELF_IN_LIST}", "too many recursive expansions"],
    ["${env:TWICE}", "too many recursive expansions"],
  ])("%s", (value, says) => {
    const { problems } = expanded(value);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(says);
  });

  test("a value may not grow without bound", () => {
    const big = fixedOutside({ BIG: "x".repeat(100_000), MANY: "${env:BIG}".repeat(20) });
    const parsed = parseYaml("a.yaml", "key: ${env:MANY}");
    if (!parsed.ok || !parsed.node) throw new Error("the test is no YAML");
    expect(expand(parsed.node, big).problems[0]?.text).toBe("is longer than 1048576 characters once expanded");
  });
});
