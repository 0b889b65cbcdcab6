"""The official client of OpenAI against `formwork serve`.

python openai_client.py http://127.0.0.1:8080
"""

import json
import sys
import unittest

import jsonschema
import openai

BASE = "http://127.0.0.1:8080"

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 12},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
    },
    "required": ["city", "days"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "trip", "strict": True, "schema": SCHEMA}}
TOOLS = [
    {
        "type": "function",
        "function": {"name": "plan", "description": "Plans a trip.", "strict": True, "parameters": SCHEMA},
    },
    {"type": "function", "function": {"name": "now"}},
]
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "A trip"}]


class Client(unittest.TestCase):
    def setUp(self):
        self.client = openai.OpenAI(base_url=f"{BASE}/v1", api_key="none", max_retries=0)
        self.model = self.client.models.list().data[0].id
        self.addCleanup(self.client.close)

    def chat(self, **more):
        more.setdefault("messages", MESSAGES)
        more.setdefault("max_tokens", 80)
        return self.client.chat.completions.create(model=self.model, **more)

    def test_models(self):
        self.assertEqual(self.client.models.retrieve(self.model).id, self.model)

    def test_a_chat(self):
        answer = self.chat(user="somebody", metadata={"a": "b"}, store=False)
        choice = answer.choices[0]
        self.assertEqual(choice.message.role, "assistant")
        self.assertIn(choice.finish_reason, ("stop", "length"))
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
        self.assertLessEqual(answer.usage.completion_tokens, 80)

    def test_the_same_seed_gives_the_same_text(self):
        texts = {self.chat(seed=7).choices[0].message.content for _ in range(3)}
        self.assertEqual(len(texts), 1)

    def test_several_choices(self):
        answer = self.chat(n=3, response_format=FORMAT)
        self.assertEqual([choice.index for choice in answer.choices], [0, 1, 2])
        for choice in answer.choices:
            jsonschema.validate(json.loads(choice.message.content), SCHEMA)

    def test_strict_schema(self):
        for seed in range(5):
            choice = self.chat(response_format=FORMAT, seed=seed).choices[0]
            jsonschema.validate(json.loads(choice.message.content), SCHEMA)
            self.assertEqual(choice.finish_reason, "stop")
            self.assertTrue(choice.constraint_completed)

    def test_json_object(self):
        choice = self.chat(response_format={"type": "json_object"}).choices[0]
        self.assertIsInstance(json.loads(choice.message.content), dict)

    def test_stream(self):
        stream = self.chat(response_format=FORMAT, stream=True, stream_options={"include_usage": True}, seed=1)
        text, ends, usage = "", [], None
        for chunk in stream:
            for choice in chunk.choices:
                text += choice.delta.content or ""
                ends += [choice.finish_reason] if choice.finish_reason else []
            usage = chunk.usage or usage
        jsonschema.validate(json.loads(text), SCHEMA)
        self.assertEqual(ends, ["stop"])
        whole = self.chat(response_format=FORMAT, seed=1)
        self.assertEqual(whole.choices[0].message.content, text)
        self.assertEqual(whole.usage, usage)

    def test_tools(self):
        for choice in ("required", {"type": "function", "function": {"name": "plan"}}):
            answer = self.chat(tools=TOOLS, tool_choice=choice, max_tokens=200).choices[0]
            self.assertEqual(answer.finish_reason, "tool_calls")
            ids = [call.id for call in answer.message.tool_calls]
            self.assertEqual(len(ids), len(set(ids)))
            for call in answer.message.tool_calls:
                self.assertEqual(call.type, "function")
                arguments = json.loads(call.function.arguments)
                schema = SCHEMA if call.function.name == "plan" else {"maxProperties": 0}
                jsonschema.validate(arguments, schema)
            if choice == "required":
                continue
            self.assertEqual([call.function.name for call in answer.message.tool_calls], ["plan"])
        answer = self.chat(tools=TOOLS, tool_choice="none").choices[0]
        self.assertIsNone(answer.message.tool_calls)
        self.chat(tools=TOOLS, tool_choice="auto", parallel_tool_calls=False)

    def test_tools_in_a_stream(self):
        stream = self.chat(tools=TOOLS, tool_choice="required", max_tokens=200, stream=True)
        calls = {}
        for chunk in stream:
            for call in chunk.choices[0].delta.tool_calls or []:
                seen = calls.setdefault(call.index, {"name": None, "arguments": ""})
                seen["name"] = call.function.name or seen["name"]
                seen["arguments"] += call.function.arguments
        self.assertTrue(calls)
        for call in calls.values():
            json.loads(call["arguments"])
            self.assertIn(call["name"], ("plan", "now"))

    def test_a_call_is_answered(self):
        call = {"id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
        said = [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "noon"},
        ]
        self.chat(messages=MESSAGES + said, tools=TOOLS)

    def test_other_forms(self):
        for more, wanted in (
            ({"regex": "ab?c"}, ("abc", "ac")),
            ({"guided_choice": ["yes", "no"]}, ("yes", "no")),
            ({"grammar": 'root ::= "x" | "y"'}, ("x", "y")),
            ({"grammar": 'start: "x" | "y"'}, ("x", "y")),
            ({"structured_outputs": {"json": {"const": True}}}, ("true",)),
        ):
            self.assertIn(self.chat(extra_body=more).choices[0].message.content, wanted)

    def test_completions(self):
        answer = self.client.completions.create(model=self.model, prompt="A trip\n", max_tokens=9, stop=["}"])
        self.assertNotIn("}", answer.choices[0].text)
        stream = self.client.completions.create(model=self.model, prompt="A trip\n", max_tokens=9, stream=True)
        self.assertTrue(list(stream))

    def test_errors(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "(x)\\1"}}}
            self.chat(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})
        self.assertEqual(caught.exception.param, "response_format.json_schema.schema#/properties/a")
        self.assertEqual(caught.exception.code, "unsupported_schema")
        for more, param in (
            ({"logprobs": True}, "logprobs"),
            ({"extra_body": {"mirostat": 2}}, "mirostat"),
            ({"presence_penalty": 1}, "presence_penalty"),
            ({"temperature": -1}, "temperature"),
            ({"max_tokens": 10**9}, "max_tokens"),
        ):
            with self.assertRaises(openai.BadRequestError) as caught:
                self.chat(**more)
            self.assertEqual(caught.exception.param, param)
        with self.assertRaises(openai.NotFoundError):
            self.client.chat.completions.create(model="other", messages=MESSAGES)

    def test_a_stream_that_is_left(self):
        stream = self.chat(stream=True, max_tokens=1000, extra_body={"regex": "[a-z]{900}"})
        next(iter(stream))
        stream.close()
        self.chat(max_tokens=2)


if __name__ == "__main__":
    BASE = sys.argv.pop(1)
    unittest.main(verbosity=2)
