import { expect, test } from "vitest";
import { secretMembers } from "./secret-keys.ts";
import { withoutMembers } from "./secret-members.ts";

test.each([
  { text: `{"model": "m", "api_key": "sk-1", "n": 1}`, without: `{"model": "m", "n": 1}` },
  { text: `{"model": "m", "api_key": "sk-,}1"}`, without: `{"model": "m"}` },
  { text: `{'headers': {'authorization': "it's", 'x': [1, 2]}, 'tags': ['a']}`, without: `{'tags': ['a']}` },
  { text: `{"extra_headers":{"a":"\\"}"}}`, without: "{}" },
  { text: `{"n": {"apiKey": None}, "headers": null}`, without: `{"n": {}}` },
  { text: `{"api_key": "sk-cut`, without: "{" },
  { text: `{"api_keys_left": 3, "note": "api_key: here"}`, without: `{"api_keys_left": 3, "note": "api_key: here"}` },
])("$text becomes $without", ({ text, without }) => {
  expect(withoutMembers(text, secretMembers)).toBe(without);
});
